"""An answer typed on the hub's own keyboard, letter by letter."""

from sensorhub.coach.questions import SEPARATOR, Question, QuestionKind

MAX_LETTERS = 500
_ENTER, _ERASE = ("\r", "\n"), ("\x7f", "\b")
_YES_NO = {"y": "yes", "j": "yes", "n": "no"}


class AnswerLine:
    """What is being typed.

    A scale takes a number, a choice the number of an option (several with spaces between), yes or
    no their first letter, anything else words. Enter ends it; Enter alone is no answer.

    Attributes:
        text: what has been typed so far.
    """

    def __init__(self) -> None:
        self.text = ""

    def takes(self, letter: str, question: Question) -> bool:
        """Whether the letter belongs to an answer; else it is a key like any other."""
        if letter in _ENTER or letter in _ERASE:
            return True
        if question.kind is QuestionKind.TEXT:
            return letter.isprintable()
        if question.kind is QuestionKind.YES_NO:
            return letter in _YES_NO
        return letter.isdigit() or letter in " ,"

    def type(self, letter: str, question: Question) -> str | None:
        """Add the letter; the whole answer, as :meth:`Question.read` takes it, once it ends."""
        if letter in _ERASE:
            self.text = self.text[:-1]
            return None
        if question.kind is QuestionKind.YES_NO and letter in _YES_NO:
            self.text = ""
            return _YES_NO[letter]
        if letter not in _ENTER:
            self.text = (self.text + letter)[:MAX_LETTERS]
            return None
        typed, self.text = self.text.strip(), ""
        if question.kind in (QuestionKind.CHOICE, QuestionKind.CHOICES):
            numbers = typed.replace(SEPARATOR, " ").split()
            return SEPARATOR.join(_option(number, question.options) for number in numbers)
        return typed


def _option(number: str, options: tuple[str, ...]) -> str:
    """The option of that number, from 1; what is no number of an option stays as it is."""
    index = int(number) - 1 if number.isdecimal() else -1
    return options[index] if 0 <= index < len(options) else number
