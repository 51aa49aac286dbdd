-- The tables of the chat system. Texts are compared byte by byte.

CREATE TABLE users (
    id            BIGINT AUTO_INCREMENT PRIMARY KEY,
    name          VARCHAR(200) NOT NULL,
    email         VARCHAR(320) NOT NULL,
    password_hash VARCHAR(200) NOT NULL,
    created_at    DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
    CONSTRAINT users_email UNIQUE (email)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE applications (
    id          BIGINT AUTO_INCREMENT PRIMARY KEY,
    token       CHAR(32) NOT NULL,
    name        VARCHAR(200) NOT NULL,
    owner_id    BIGINT NOT NULL,
    chats_count INT NOT NULL DEFAULT 0,
    created_at  DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
    CONSTRAINT applications_token UNIQUE (token),
    CONSTRAINT applications_owner FOREIGN KEY (owner_id) REFERENCES users (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- messages_count is what the writer has written, changed with it in one transaction.
CREATE TABLE chats (
    id             BIGINT AUTO_INCREMENT PRIMARY KEY,
    application_id BIGINT NOT NULL,
    number         INT NOT NULL,
    name           VARCHAR(200) NOT NULL,
    messages_count INT NOT NULL DEFAULT 0,
    created_at     DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
    CONSTRAINT chats_number UNIQUE (application_id, number),
    CONSTRAINT chats_application FOREIGN KEY (application_id) REFERENCES applications (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The messages of a chat lie together, in order. Position is the order of writing, for whoever follows the table, and
-- created_at when a message was accepted, in milliseconds since 1970. No foreign keys: each row written would lock its
-- chat and its creator, which never go, and two writers would wait for one another in a circle.
CREATE TABLE messages (
    chat_id    BIGINT NOT NULL,
    number     INT NOT NULL,
    position   BIGINT NOT NULL AUTO_INCREMENT,
    creator_id BIGINT NOT NULL,
    body       TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (chat_id, number),
    CONSTRAINT messages_position UNIQUE (position),
    KEY messages_creator (creator_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
