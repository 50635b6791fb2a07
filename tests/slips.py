"""Addresses as people mistype them, and what they meant; the form's script has to find the same."""

SLIPS = [
    ("zoe@gmial.com", "zoe@gmail.com"),
    ("zoe@gmai.com", "zoe@gmail.com"),
    ("zoe@gmaill.com", "zoe@gmail.com"),
    ("zoe@gnail.com", "zoe@gmail.com"),
    ("zoe@gmail.con", "zoe@gmail.com"),
    ("zoe@gmail.co", "zoe@gmail.com"),
    ("zoe@gmailcom", "zoe@gmail.com"),
    ("Zoe.B@GMIAL.COM", "Zoe.B@gmail.com"),
    (" zoe@hotmial.fr ", "zoe@hotmail.fr"),
    ("zoe@orage.fr", "zoe@orange.fr"),
    ("zoe@protonmial.com", "zoe@protonmail.com"),
    ("zoe@yaho.co.uk", "zoe@yahoo.co.uk"),
]
NO_SLIPS = [
    *("zoe@gmail.com", "zoe@mail.com", "zoe@email.com", "zoe@cloud.com", "zoe@example.org"),
    *("zoe@yahoo.be", "zoe@yahoo.se", "zoe@hotmail.ch", "zoe@gmx.de", "zoe@me.com", "zoe@mac.com"),
    *("", "zoe", "zoe@", "@gmial.com", "gmial.com", "zoe@gmal.co"),
]
