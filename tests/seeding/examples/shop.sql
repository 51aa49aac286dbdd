-- A shop's tables, for PostgreSQL.

CREATE TYPE order_status AS ENUM ('PENDING', 'PAID', 'SHIPPED', 'RETURNED');

CREATE TABLE users (
    id          uuid PRIMARY KEY,
    email       varchar(120) NOT NULL UNIQUE,
    name        varchar(80) NOT NULL,
    birthday    date,
    newsletter  boolean NOT NULL,
    country     char(2) NOT NULL,
    preferences jsonb NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE products (
    id          integer PRIMARY KEY,
    sku         varchar(20) NOT NULL UNIQUE,
    barcode     bigint NOT NULL UNIQUE,
    title       varchar(100) NOT NULL,
    description text,
    price       numeric(8, 2) NOT NULL CHECK (price >= 0),
    weight_kg   double precision NOT NULL,
    stock       smallint NOT NULL CHECK (stock >= 0)
);

CREATE TABLE orders (
    id        uuid PRIMARY KEY,
    user_id   uuid NOT NULL REFERENCES users (id),
    status    order_status NOT NULL,
    reference varchar(40) NOT NULL UNIQUE,
    placed_at timestamptz NOT NULL
);

CREATE TABLE order_lines (
    order_id   uuid NOT NULL REFERENCES orders (id),
    line       smallint NOT NULL,
    product_id integer NOT NULL REFERENCES products (id),
    quantity   smallint NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (order_id, line)
);

CREATE TABLE payments (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id uuid NOT NULL REFERENCES orders (id),
    amount   numeric(10, 2) NOT NULL,
    paid_at  timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX orders_user ON orders (user_id, placed_at);
CREATE INDEX orders_open ON orders (placed_at) WHERE status = 'PENDING';
CREATE INDEX order_lines_product ON order_lines (product_id);
CREATE INDEX payments_order ON payments (order_id);
