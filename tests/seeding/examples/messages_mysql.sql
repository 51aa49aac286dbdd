-- A message service's tables, for MariaDB and MySQL.

CREATE TABLE users (
    id          char(36) CHARACTER SET ascii NOT NULL PRIMARY KEY,
    email       varchar(255) NOT NULL,
    name        varchar(255) NOT NULL,
    timezone    varchar(64) NOT NULL,
    birthday    date NOT NULL,
    anniversary date,
    created_at  timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    UNIQUE KEY users_email (email),
    KEY users_birthday (birthday)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

CREATE TABLE message_logs (
    id           bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
    user_id      char(36) CHARACTER SET ascii NOT NULL,
    message_type enum ('BIRTHDAY', 'ANNIVERSARY') NOT NULL,
    sent_at      timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    KEY message_logs_user (user_id, sent_at),
    CONSTRAINT message_logs_user_id_users_id_fk FOREIGN KEY (user_id) REFERENCES users (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;
