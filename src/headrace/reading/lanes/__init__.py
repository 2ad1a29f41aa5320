"""Several parts of one listing read at once, and handed on as one reader would hand them on.

pages     pages that are asked for by offset or page number
windows   windows of a range of times, with a look behind them at what has changed meanwhile
values    a listing for each value of a parameter
"""
