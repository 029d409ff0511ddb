// Basic authentication for what Coder calls; the editor is off.
module.exports = {
  httpAdminRoot: false,
  httpNodeAuth: { user: "coder", pass: require("bcryptjs").hashSync(process.env.WEBHOOK_SECRET, 8) },
  uiHost: "127.0.0.1",
  uiPort: process.env.PORT,
  logging: { console: { level: "info" } },
};
