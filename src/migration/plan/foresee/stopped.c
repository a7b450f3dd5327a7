#include "migration/plan/foresee/stopped.h"

const char *stopped_words(bool readers, bool writers, bool unknown)
{
    if (readers) {
        return unknown ? "some statements stop readers and writers; what others lock is not known, and may block"
                       : "some statements stop readers and writers";
    }
    if (writers) {
        return unknown ? "some statements stop writers; what others lock is not known, and may block readers, too"
                       : "some statements stop writers";
    }
    return unknown ? "what some statements lock is not known: they may block readers and writers"
                   : "no statement stops readers or writers of what is there";
}
