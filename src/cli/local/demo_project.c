/*
 * A small shop with enough in it to make plans interesting: tables with rows, and pending migrations of every risk.
 */
#include "cli/local/demo_project.h"

#include <stddef.h>

const char demo_changed_name[] = "20260203114500_coupons";
const char demo_changed_sql[] = "CREATE TABLE coupons (\n"
                                "  code TEXT PRIMARY KEY,\n"
                                "  percent INT NOT NULL CHECK (percent BETWEEN 1 AND 90)\n"
                                ");\n";
const char demo_failing[] = "20260310093000_unique_emails";
const char demo_blocked[] = "20260311100000_order_notes";

const struct demo_file demo_files[] = {
    {DEMO_FIRST, "20260112091500_customers",
     "-- Who buys.\n"
     "CREATE TABLE customers (\n"
     "  id INT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,\n"
     "  email TEXT NOT NULL,\n"
     "  name TEXT NOT NULL,\n"
     "  fax TEXT,\n"
     "  since TIMESTAMPTZ NOT NULL DEFAULT now()\n"
     ");\n"
     "INSERT INTO customers (email, name, fax)\n"
     "SELECT 'customer' || i % 4990 || '@example.org', 'Customer ' || i, '+49 30 ' || i FROM generate_series(1, 5000) "
     "i;\n"},
    {DEMO_FIRST, "20260119140000_products",
     "CREATE TABLE products (\n"
     "  id INT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,\n"
     "  title TEXT NOT NULL,\n"
     "  price NUMERIC(10, 2) NOT NULL\n"
     ");\n"
     "INSERT INTO products (title, price) SELECT 'Product ' || i, (i % 90) + 0.99 FROM generate_series(1, 400) i;\n"},
    {DEMO_FIRST, "20260126101000_orders",
     "CREATE TABLE orders (\n"
     "  id INT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,\n"
     "  customer_id INT NOT NULL REFERENCES customers,\n"
     "  product_id INT NOT NULL REFERENCES products,\n"
     "  quantity INT NOT NULL DEFAULT 1,\n"
     "  placed TIMESTAMPTZ NOT NULL DEFAULT now()\n"
     ");\n"
     "INSERT INTO orders (customer_id, product_id, quantity, placed)\n"
     "SELECT i % 5000 + 1, i % 400 + 1, i % 3 + 1, now() - i * interval '7 minutes' FROM generate_series(1, 60000) "
     "i;\n"},
    {DEMO_FIRST, demo_changed_name,
     "CREATE TABLE coupons (\n"
     "  code TEXT PRIMARY KEY,\n"
     "  percent INT NOT NULL\n"
     ");\n"},
    {DEMO_GONE, "20260210160000_wishlists",
     "CREATE TABLE wishlists (customer_id INT NOT NULL REFERENCES customers, product_id INT NOT NULL REFERENCES "
     "products);\n"},
    {DEMO_FIRST, "20260217083000_reviews",
     "CREATE TABLE reviews (\n"
     "  product_id INT NOT NULL REFERENCES products,\n"
     "  stars INT NOT NULL,\n"
     "  body TEXT\n"
     ");\n"
     "INSERT INTO reviews SELECT i % 400 + 1, i % 5 + 1, 'Review ' || i FROM generate_series(1, 3000) i;\n"},
    {DEMO_LATER, demo_failing,
     "-- Ten customers have an address that another one has, too.\n"
     "ALTER TABLE customers\n"
     "  ADD CONSTRAINT customers_email_key UNIQUE (email);\n"},
    {DEMO_LATER, demo_blocked, "ALTER TABLE orders ADD COLUMN note TEXT;\n"},
    {DEMO_LATER, "20260312110000_drop_fax", "-- Nobody sends one.\nALTER TABLE customers DROP COLUMN fax;\n"},
    {DEMO_LATER, "20260313090000_orders_by_time", "CREATE INDEX orders_placed_idx ON orders (placed);\n"},
    {DEMO_LATER, "20260314090000_reviews_by_product",
     "CREATE INDEX CONCURRENTLY reviews_product_id_idx ON reviews (product_id);\n"},
    {DEMO_LATER, "20260316150000_wider_ids", "ALTER TABLE orders ALTER COLUMN id TYPE BIGINT;\n"},
    {DEMO_LATER, "20260318120000_returns",
     "CREATE TABLE returns (\n  order_id INT NOT NULL REFERENCES orders,\n  reason TEXT NOT NULL\n);\n"},
    {DEMO_FIRST, NULL, NULL},
};
