const ORDER = "api::order.order";

module.exports = {
  register() {},

  async bootstrap({ strapi }) {
    const role = await strapi.db
      .query("plugin::users-permissions.role")
      .findOne({ where: { type: "public" } });
    for (const action of ["find", "findOne", "create", "update", "delete"]) {
      await strapi.db
        .query("plugin::users-permissions.permission")
        .create({ data: { action: `${ORDER}.${action}`, role: role.id } });
    }
    for (let number = 1; number <= Number(process.env.ORDERS); number += 1) {
      const customer = `Customer ${number % 9}`;
      const lines = Array.from({ length: number % 3 }, (_, each) => ({ sku: `s${each}` }));
      await strapi
        .documents(ORDER)
        .create({ data: { number, customer, total: number / 4, lines } });
    }
  },
};
