"""Parameters, studies, runs, channels, stores and writers: what holds for every study."""
