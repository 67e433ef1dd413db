"""What each kind of SOP step asks a person, and how the answer is read.

A form is a list of `Question`s: the same list makes the Pydantic model that the
Prefect UI draws and reads what comes back, so the two cannot drift apart.
"""

from sop.forms.asking import Asking, Trouble
from sop.forms.questions import Kind, Question, model_of, read_answers
from sop.forms.steps import questions_for

__all__ = [
    "Asking",
    "Kind",
    "Question",
    "Trouble",
    "model_of",
    "questions_for",
    "read_answers",
]
