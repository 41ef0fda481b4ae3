"""English words for counts and things: plurals, articles, numbers."""

IRREGULAR = {
    "bison": "bison", "buffalo": "buffalo", "cactus": "cacti", "calf": "calves", "child": "children", "deer": "deer",
    "die": "dice", "elf": "elves", "fish": "fish", "foot": "feet", "goose": "geese", "knife": "knives",
    "leaf": "leaves", "loaf": "loaves", "man": "men", "moose": "moose", "mouse": "mice", "ox": "oxen",
    "person": "people", "prawn": "prawns", "scarf": "scarves", "sheep": "sheep", "shrimp": "shrimp", "squid": "squid",
    "tooth": "teeth", "wolf": "wolves", "woman": "women",
}  # fmt: skip
WITH_ES_AFTER_O = {"potato", "tomato", "mango", "mosquito", "volcano", "domino", "hero", "echo"}
# Where the first word carries the number: "bowls of soup", "men in turbans" is listed with its pictogram.
HEADS = (" of ", " in ", " with ")
NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
COUNTS = {word: number for number, word in enumerate(NUMBERS, 1)} | {
    "a": 1, "an": 1, "single": 1, "pair": 2, "couple": 2, "few": 3, "several": 4, "many": 5, "dozen": 6,
}  # fmt: skip


def plural_of(noun: str) -> str:
    """Give the plural of a noun or of a phrase whose head is a noun.

    Parameters
    ----------
    noun
        In the singular.

    Returns
    -------
    str
        Its plural.

    Examples
    --------
    >>> [plural_of(noun) for noun in ("fox", "wolf", "sheep", "city", "police officer", "bowl of soup")]
    ['foxes', 'wolves', 'sheep', 'cities', 'police officers', 'bowls of soup']
    """
    for joint in HEADS:
        if joint in noun:
            head, rest = noun.split(joint, 1)
            return plural_of(head) + joint + rest
    *before, last = noun.split(" ")
    return " ".join([*before, _plural_word(last)])


def _plural_word(word: str) -> str:
    if word in IRREGULAR:
        return IRREGULAR[word]
    if word.endswith("man") and word not in ("human", "shaman", "talisman"):
        return word[:-3] + "men"
    if word.endswith(("s", "x", "z", "ch", "sh")) or word in WITH_ES_AFTER_O:
        return word + "es"
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return word[:-1] + "ies"
    return word + "s"


def with_article(phrase: str) -> str:
    """Put the indefinite article that its sound asks for before a phrase.

    Examples
    --------
    >>> [with_article(phrase) for phrase in ("olive", "unicorn", "hourglass", "x-ray", "red owl")]
    ['an olive', 'a unicorn', 'an hourglass', 'an x-ray', 'a red owl']
    """
    sounds_open = phrase.startswith(("hour", "x-ray", "heir", "honest"))
    sounds_closed = phrase.startswith(("uni", "use", "eu", "ew", "one", "ukulele", "urin"))
    vowel = sounds_open or (phrase[0] in "aeiou" and not sounds_closed)
    return ("an " if vowel else "a ") + phrase
