-- A shop's tables, for SQLite.

CREATE TABLE users (
    id          uuid PRIMARY KEY,
    email       varchar(120) NOT NULL UNIQUE,
    name        varchar(80) NOT NULL,
    birthday    date,
    newsletter  boolean NOT NULL,
    country     char(2) NOT NULL,
    preferences json NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE products (
    id          integer PRIMARY KEY,
    sku         varchar(20) NOT NULL UNIQUE,
    barcode     integer NOT NULL UNIQUE,
    title       varchar(100) NOT NULL,
    description text,
    price       decimal(8, 2) NOT NULL CHECK (price >= 0),
    weight_kg   real NOT NULL,
    stock       integer NOT NULL CHECK (stock >= 0)
);

CREATE TABLE orders (
    id        uuid PRIMARY KEY,
    user_id   uuid NOT NULL REFERENCES users (id),
    status    text NOT NULL CHECK (status IN ('PENDING', 'PAID', 'SHIPPED', 'RETURNED')),
    reference varchar(40) NOT NULL UNIQUE,
    placed_at timestamptz NOT NULL
);

CREATE TABLE order_lines (
    order_id   uuid NOT NULL REFERENCES orders (id),
    line       integer NOT NULL,
    product_id integer NOT NULL REFERENCES products (id),
    quantity   integer NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (order_id, line)
);

CREATE TABLE payments (
    id       integer PRIMARY KEY,
    order_id uuid NOT NULL REFERENCES orders (id),
    amount   decimal(10, 2) NOT NULL,
    paid_at  timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE INDEX orders_user ON orders (user_id, placed_at);
CREATE INDEX orders_open ON orders (placed_at) WHERE status = 'PENDING';
CREATE INDEX order_lines_product ON order_lines (product_id);
CREATE INDEX payments_order ON payments (order_id);
