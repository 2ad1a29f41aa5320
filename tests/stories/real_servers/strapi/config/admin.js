module.exports = () => ({
  auth: { secret: "not-a-secret" },
  apiToken: { salt: "salt" },
  transfer: { token: { salt: "salt" } },
  serveAdminPanel: false,
});
