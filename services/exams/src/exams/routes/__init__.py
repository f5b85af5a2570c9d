"""HTTP in and out, by noun; exams are read in one module and written in the other."""
