// SQL: not on this page yet.
import { notYet } from "../parts/not_yet.js";

export const start = () => notYet("SQL", "/api/sql/query");
