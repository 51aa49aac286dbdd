"""A shop: users, products, orders of three lines each. Every generator stands here at least once."""

from surgeline.seeding import (
    boolean,
    choice,
    computed,
    constant,
    date,
    decimal,
    email,
    foreign_key,
    integer,
    json,
    name,
    normal,
    nulls,
    number,
    pattern,
    sequence,
    table,
    text,
    timestamp,
    uuid,
    written,
)

ORDERS_PER_USER = 4
LINES_PER_ORDER = 3

users = table(
    "users",
    rows=500,
    key="id",
    columns={
        "id": uuid("00000000-0000-4000-8000-{:012d}"),
        "email": email("shop.example"),
        "name": name(),
        "birthday": nulls(date("1950-01-01", "2006-12-31"), 0.1),
        "newsletter": boolean(0.3),
        "country": constant("NO"),
        "preferences": json({"theme": choice(["light", "dark"]), "sizes": [integer(36, 46), "M"], "tried": []}),
        "created_at": timestamp("2023-01-01T00:00:00+00:00", "2023-12-31T23:59:59+00:00"),
    },
)

products = table(
    "products",
    rows=200,
    key="id",
    columns={
        "id": sequence(first=1_000, step=10),
        "sku": pattern("SKU-{:06d}"),
        "barcode": integer(10**12, 10**13 - 1, unique=True),
        "title": text(words=(2, 5)),
        "description": nulls(text(characters=400), 0.2),
        "price": decimal(1, 500, places=2),
        "weight_kg": number(0.05, 30),
        "stock": normal(100, 40, low=0, high=250),
    },
)

orders = table(
    "orders",
    key="id",
    columns={
        "id": uuid(),
        "user_id": foreign_key(users, per_parent=ORDERS_PER_USER),
        "status": choice({"PENDING": 1, "PAID": 2, "SHIPPED": 7}, exact=True),
        "reference": computed(lambda row: f"{row['status'][:2]}-{row.number:05d}"),
        "placed_at": timestamp("2024-01-01T00:00:00+00:00", "2024-12-31T23:59:59+00:00", resolution="1ms"),
    },
)

order_lines = table(
    "order_lines",
    key=("order_id", "line"),
    columns={
        "order_id": foreign_key(orders, per_parent=LINES_PER_ORDER),
        "line": sequence(),
        "product_id": foreign_key(products, distribution="zipf"),
        "quantity": integer(1, 5),
    },
)

payments = written("payments")
