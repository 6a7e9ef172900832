// What Python defines (charrnn/page/tables.py): in the page a block of JSON, in tests a global.
export const TABLES = globalThis.charrnnTables ?? JSON.parse(document.getElementById("tables").textContent);
