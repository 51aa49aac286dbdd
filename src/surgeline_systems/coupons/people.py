"""Names for the seeded users. Word lists of our own: the names of a seed number never change with a library."""

FIRST_NAMES = """
Ada Alan Alice Amina Anders Anita Barbara Boris Carla Chen Clara Daniel Diego Dorothy Edsger Elena Emil Fatima Felix
Frances Grace Hana Hassan Hedy Henrik Ines Ivan Jamal Jean Joan Jonas Karen Katherine Kenji Lars Leila Linus Lucia
Maria Margaret Mei Miguel Mina Nadia Niklaus Nina Noor Olga Omar Paula Priya Radia Ravi Rosa Samir Sofia Stefan Tariq
Tomas Vera Viktor Wanda Yuki Zoe
"""

LAST_NAMES = """
Adeyemi Allen Andersen Backus Bakker Banerjee Becker Bernal Borg Castro Chandra Church Codd Conway Costa Cray Diaz
Dubois Eriksen Fischer Floyd Garcia Goldberg Haddad Hamilton Hoare Hopper Ivanova Jansen Johnson Kaya Keller Kim
Knuth Kowalski Lamarr Lamport Larsen Liskov Lopez Lovelace Mbeki Mehta Milner Moreau Nakamura Naur Nguyen Novak Okafor
Olsen Perlman Petrov Ritchie Rossi Santos Sato Silva Tanaka Turing Weber Wilkes Wirth Zuse
"""

# Every pair, as (name, local part of an address), so that a row costs one lookup.
PEOPLE = [
    (f"{first} {last}", f"{first}.{last}".lower()) for first in FIRST_NAMES.split() for last in LAST_NAMES.split()
]
