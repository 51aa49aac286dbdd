-- The tables of the page on seeding that it shows no SQL of.

CREATE TABLE customers (
    id          uuid PRIMARY KEY,
    email       varchar(120) NOT NULL UNIQUE,
    discount    integer,
    preferences jsonb NOT NULL
);

CREATE TABLE products (
    id      integer PRIMARY KEY,
    sku     varchar(20) NOT NULL UNIQUE,
    barcode bigint NOT NULL UNIQUE,
    title   varchar(100) NOT NULL,
    price   numeric(8, 2) NOT NULL
);

CREATE TABLE orders (
    id          bigint PRIMARY KEY,
    customer_id uuid NOT NULL REFERENCES customers (id),
    status      varchar(10) NOT NULL,
    placed_at   timestamptz NOT NULL,
    reference   varchar(20) NOT NULL UNIQUE
);

CREATE TABLE order_lines (
    order_id   bigint NOT NULL REFERENCES orders (id),
    line       smallint NOT NULL,
    product_id integer NOT NULL REFERENCES products (id),
    quantity   smallint NOT NULL,
    PRIMARY KEY (order_id, line)
);

CREATE TABLE people (
    id    integer PRIMARY KEY,
    email varchar(120) NOT NULL UNIQUE
);

CREATE TABLE posts (
    id        integer PRIMARY KEY,
    person_id integer NOT NULL REFERENCES people (id),
    body      text NOT NULL
);
