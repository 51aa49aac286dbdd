"""First and last names of many cultures. Data alone: what is drawn from it is part of the version of all values.

The order counts, and so does the number: a name that is added, left out or moved changes the values of every table.
"""

# ruff: noqa: RUF001 - the Turkish letter without a dot is meant
_FIRST = {
    "Western and Northern Europe, North America": """
        Alice Anna Arthur Astrid Benjamin Björn Brigitte Charlotte Christian Claire Clara Daniel
        David Edward Eleanor Elisabeth Emil Emily Emma Erik Eva Florian Françoise Frederik Freya
        George Grace Greta Hannah Hélène Henry Hugo Ida Ingrid Isabelle Jack James Jan Jonas Jürgen
        Karin Katharina Lars Laura Léa Liam Linnea Louise Lucas Lucy Maja Margaret Marie Markus
        Martin Mathilde Matthew Maximilian Michael Nils Nora Oliver Olivia Oskar Patrick Paul Peter
        Philipp Rachel René Robert Rose Ruth Samuel Sarah Sofia Sophie Søren Stefan Theo Thomas
        Tobias Ulrike Victoria Walter William Wolfgang Zoë
    """,
    "Ireland, Wales and Scotland; Finland, Iceland and the Baltic countries": """
        Aisling Angus Bronwen Catriona Fiona Gareth Niamh Rhys Seán Aino Eero Helmi Juhani Gunnar
        Sigrún Kaarel Jānis Rūta
    """,
    "Southern Europe and Latin America": """
        Alejandro Álvaro Ana Andrea Andrés Antonio Beatriz Bruno Camila Carlos Carmen Catarina
        Chiara Diego Elena Eleni Fernanda Francesca Gabriel Giulia Gonçalo Inês Isabela Javier João
        Jorge José Juan Julia Leonardo Lorenzo Lucía Luis Manuel Marco Margarida Mariana Mateo
        Matteo Miguel Nikos Pablo Paula Pedro Rafael Rosa Sebastián Sergio Silvia Thiago Valentina
        Vicente Ximena
    """,
    "Central and Eastern Europe": """
        Agnieszka Aleksander Andrei Bogdan Dmitri Dragan Ewa Galina Ioana Irina Ivan Jakub Jana Jiří
        Katarzyna Lenka László Luka Magdalena Marek Mihai Milan Mirela Natalia Nikolai Oksana Olga
        Ondřej Paweł Petra Radka Svetlana Tamara Tomáš Vesna Vladimir Yuri Zofia Zsófia
    """,
    "The Middle East, Turkey, the Caucasus and Central Asia": """
        Ahmed Aliya Amina Ayşe Cem Dalia Daria Emre Farid Fatima Giorgi Hassan Ibrahim Karim Khalid
        Layla Leila Mahmoud Maryam Mehmet Nasser Nino Noor Nurlan Omar Rania Reza Samir Shirin Tariq
        Yasmin Yusuf Zahra Avi Noa Tamar
    """,
    "Africa": """
        Abebe Aisha Amara Chidi Chinonso Fatou Folake Imani Kofi Kwame Lindiwe Mamadou Naledi Ngozi
        Nia Oluwaseun Sefu Sipho Tendai Thandiwe Wanjiru Zanele
    """,
    "South Asia": """
        Aarav Ananya Arjun Deepa Divya Imran Kavita Lakshmi Meera Nadia Nikhil Pooja Priya Rahul
        Rajesh Ravi Sanjay Shreya Sunita Vikram
    """,
    "East and South-East Asia, the Pacific": """
        Akira Aroha Bao Chen Dewi Eun-ji Haruto Hiroshi Hina Hung Ji-woo Jun Kai Kenji Lan Leilani
        Lin Linh Mei Mai Min-jun Minh Nguyet Putri Sakura Seo-yeon Siti Somchai Tane Thanh Wei Xia
        Yan Yuki Yuna Zhen
    """,
}

_LAST = {
    "Western and Northern Europe, North America": """
        Adams Allen Andersen Anderson Bailey Baker Bakker Bauer Becker Bell Bennett Berg Bernard
        Berger Blanchard Brandt Brooks Brown Butler Campbell Carlson Carter Chevalier Christensen
        Clark Claes Collins Cooper Cox Davies Davis Dekker Dubois Dupont Durand Edwards Ek Eriksson
        Evans Faure Fischer Fleming Fontaine Foster Fournier Fox Fuchs Gagnon Garnier Gauthier
        Girard Graf Graham Gray Green Haas Hall Hansen Harris Hartmann Henderson Hill Hoffmann Holm
        Huber Hughes Jackson Jacobs Jansen Janssens Jensen Johansson Johnson Jørgensen Keller Kelly
        King Klein Koch Köhler König Krause Krüger Lambert Larsson Laurent Leclerc Lefèvre Leroy
        Lewis Lindqvist Lund Maes Marchand Martin Mason Mayer Meijer Mercier Meyer Miller Mitchell
        Moore Moreau Morgan Morris Müller Murray Nielsen Nilsson Nyström Olsen Parker Peeters Perrin
        Petersen Peterson Phillips Renard Richter Roberts Robin Robinson Rogers Rousseau Roux Roy
        Schäfer Schmidt Schneider Scholz Schröder Schulz Scott Simon Sjöberg Smit Smith Stewart
        Strand Svensson Taylor Thompson Tremblay Turner Vandenberg Visser Vogel Wagner Walker Ward
        Watson Weber Weiß Werner White Wilson Winkler Wolf Wood Wright Young Zimmermann
    """,
    "Ireland, Wales and Scotland; Finland, Iceland and the Baltic countries": """
        Byrne Doyle Gallagher Griffiths Kavanagh Lloyd MacDonald MacLeod Murphy Nolan O'Brien
        O'Connor O'Neill Owen Quinn Ryan Sinclair Sweeney Virtanen Korhonen Mäkinen Laine Jónsdóttir
        Kask Tamm Bērziņš Ozols Kazlauskas
    """,
    "Southern Europe and Latin America": """
        Aguilar Almeida Alonso Álvarez Barbieri Bianchi Bruno Cabrera Cardoso Carvalho Castillo
        Castro Conti Correia Costa Cruz Delgado Díaz Domínguez Esposito Fernandes Fernández Ferrari
        Ferreira Flores Fonseca Gallo Galanis García Gomes Gómez González Greco Gutiérrez Hernández
        Herrera Jiménez Lombardi Lopes López Mancini Marino Márquez Martínez Medina Mendes Mendoza
        Molina Morales Moreno Moretti Muñoz Navarro Nunes Núñez Oliveira Ortega Ortiz Papadakis
        Papadopoulos Peña Pereira Pérez Pinto Ramírez Ramos Reyes Ribeiro Ricci Rinaldi Rivera Rocha
        Rodrigues Rodríguez Rojas Romano Romero Rossi Ruiz Russo Salazar Sánchez Santos Serrano
        Silva Soto Sousa Suárez Teixeira Torres Vargas Vega Vidal Vieira Zapata
    """,
    "Central and Eastern Europe": """
        Balog Černý Dąbrowski Dimitrov Dvořák Farkas Georgiev Horvat Horváth Ionescu Ivanov
        Jovanović Kaczmarek Kiss Kolar Kovač Kovács Kowalska Kowalski Kozlov Kučera Kuznetsov
        Lewandowski Marković Melnyk Molnár Morozov Nagy Nikolić Novák Novotný Nowak Pavlov Petrović
        Petrov Popa Popescu Popov Shevchenko Smirnov Sokolov Stoica Svoboda Szabó Tóth Varga Volkov
        Wiśniewski Wójcik Zieliński
    """,
    "The Middle East, Turkey, the Caucasus and Central Asia": """
        Abdullah Abramov Ahmadi Akhmetov Aydın Beridze Cohen Demir Farouk Friedman Haddad Hakimi
        Hosseini Kaya Khoury Levy Mansour Mizrahi Mustafa Nasr Öztürk Petrosyan Rahimi Said
        Sarkisyan Şahin Shapiro Tehrani Yıldız Yılmaz
    """,
    "Africa": """
        Abiodun Adebayo Afolabi Banda Bekele Botha Chukwu Dlamini Diallo Eze Haile Kamau Keita
        Khumalo Mensah Mokoena Moyo Mwangi Ndiaye Nkosi Nwosu Obi Okafor Okonkwo Osei Sithole
        Tadesse Traoré van-Wyk Zulu
    """,
    "South Asia": """
        Agarwal Ahmed Bhatt Chatterjee Chaudhary Das Desai Fernando Ghosh Gupta Hussain Iyer Jain
        Joshi Kapoor Khan Kumar Malhotra Mehta Mukherjee Nair Naidu Patel Perera Rahman Rao Reddy
        Shah Sharma Siddiqui Singh Thapa Verma
    """,
    "East and South-East Asia, the Pacific": """
        Bui Cai Chan Chang Cheng Choi Dang Fujita Garcia-Reyes Hayashi Ho Hoang Hsu Huang Ito Jung
        Kang Kato Kealoha Kim Kobayashi Kwon Lai Lam Lau Lê Lee Li Lim Liu Mori Nakamura Ng Ngata
        Nguyễn Ong Park Phạm Santoso Sato Seo Suzuki Takahashi Tan Tanaka Trần Tran Võ Wang Watanabe
        Widodo Wong Wu Yamamoto Yang Yoshida Zhang Zhao Zhou
    """,
}

FIRST_NAMES: tuple[str, ...] = tuple(" ".join(_FIRST.values()).split())
LAST_NAMES: tuple[str, ...] = tuple(" ".join(_LAST.values()).split())
