"""What tasks are called that zuki has made: their own names stand for all that they are made from."""

_titles: dict[str, str] = {}


def give_title(name: str, title: str) -> None:
    """Say what a task is to be called in traces.

    Parameters
    ----------
    name : str
        Of the function.
    title : str
        For people.
    """
    _titles[name] = title


def title_of(name: str) -> str:
    """Return what a task is called in traces.

    Parameters
    ----------
    name : str
        Of the function.

    Returns
    -------
    str
        Its title, or the name itself where it has none.
    """
    return _titles.get(name, name)
