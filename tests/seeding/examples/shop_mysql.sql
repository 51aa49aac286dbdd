-- A shop's tables, for MariaDB and MySQL.

CREATE TABLE users (
    id          char(36) CHARACTER SET ascii NOT NULL PRIMARY KEY,
    email       varchar(120) NOT NULL,
    name        varchar(80) NOT NULL,
    birthday    date,
    newsletter  boolean NOT NULL,
    country     char(2) NOT NULL,
    preferences json NOT NULL,
    created_at  timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    UNIQUE KEY users_email (email)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

CREATE TABLE products (
    id          integer unsigned NOT NULL PRIMARY KEY,
    sku         varchar(20) NOT NULL,
    barcode     bigint NOT NULL,
    title       varchar(100) NOT NULL,
    description text,
    price       decimal(8, 2) NOT NULL CHECK (price >= 0),
    weight_kg   double NOT NULL,
    stock       smallint unsigned NOT NULL,
    UNIQUE KEY products_sku (sku),
    UNIQUE KEY products_barcode (barcode)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

CREATE TABLE orders (
    id        char(36) CHARACTER SET ascii NOT NULL PRIMARY KEY,
    user_id   char(36) CHARACTER SET ascii NOT NULL,
    status    enum ('PENDING', 'PAID', 'SHIPPED', 'RETURNED') NOT NULL,
    reference varchar(40) NOT NULL,
    placed_at timestamp(3) NOT NULL,
    UNIQUE KEY orders_reference (reference),
    KEY orders_user (user_id, placed_at),
    CONSTRAINT orders_user_fk FOREIGN KEY (user_id) REFERENCES users (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

CREATE TABLE order_lines (
    order_id   char(36) CHARACTER SET ascii NOT NULL,
    line       smallint unsigned NOT NULL,
    product_id integer unsigned NOT NULL,
    quantity   tinyint unsigned NOT NULL,
    PRIMARY KEY (order_id, line),
    KEY order_lines_product (product_id),
    CONSTRAINT order_lines_order_fk FOREIGN KEY (order_id) REFERENCES orders (id),
    CONSTRAINT order_lines_product_fk FOREIGN KEY (product_id) REFERENCES products (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

CREATE TABLE payments (
    id       bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
    order_id char(36) CHARACTER SET ascii NOT NULL,
    amount   decimal(10, 2) NOT NULL,
    paid_at  timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT payments_order_fk FOREIGN KEY (order_id) REFERENCES orders (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;
