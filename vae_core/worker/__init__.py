"""The process behind a training: it trains, says how it fares, and writes what others watch, scrub and keep."""
