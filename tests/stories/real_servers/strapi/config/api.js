// As in a new project: without it, no page would be too large.
module.exports = { rest: { defaultLimit: 25, maxLimit: 100, withCount: true } };
