"""Python callables and coroutines: their futures, and the lanes that run them."""
