"""Project → Plan: nothing but calls in order. `checking` stops before the state; `drawing` goes on to the plan."""
