module.exports = () => ({ "users-permissions": { config: { jwtSecret: "not-a-secret" } } });
