#!/bin/bash
# The script of every job: it becomes the program that it was given, so that signals reach that program.
exec "$@"
