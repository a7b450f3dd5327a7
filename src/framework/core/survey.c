/*
 * A short list, newest first. A kept survey may be read by several requests at once, and is freed by its last holder.
 */
#include "framework/core/survey.h"

#include "base/arena.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOST_SURVEYS 64

struct surveys {
    pthread_mutex_t mutex;
    struct survey *first;
};

struct surveys *surveys_new(void)
{
    struct surveys *const surveys = memory_alloc(sizeof *surveys);
    pthread_mutex_init(&surveys->mutex, NULL);
    return surveys;
}

void survey_drop(struct survey *survey)
{
    if (survey != NULL) {
        arena_free(survey->arena);
        free(survey);
    }
}

/* Hold the mutex. */
static void let_go(struct survey *survey)
{
    survey->holders--;
    if (survey->holders == 0) {
        survey_drop(survey);
    }
}

/* Removes a survey from the list. Hold the mutex. */
static void take_out(struct survey **place)
{
    struct survey *const survey = *place;
    *place = survey->next;
    let_go(survey);
}

void surveys_free(struct surveys *surveys)
{
    if (surveys != NULL) {
        while (surveys->first != NULL) {
            take_out(&surveys->first);
        }
        pthread_mutex_destroy(&surveys->mutex);
        free(surveys);
    }
}

/* The link to the survey with this key, or the end of the list. Hold the mutex. */
static struct survey **place_of(struct surveys *surveys, const char *key)
{
    struct survey **place = &surveys->first;
    while (*place != NULL && strcmp((*place)->key, key) != 0) {
        place = &(*place)->next;
    }
    return place;
}

static bool is_as_it_was(const struct survey *survey, const char *place)
{
    const int top = directory_open(place);
    bool is = top >= 0;
    for (size_t i = 0; is && i < survey->directory_count; i++) {
        const struct surveyed *const directory = &survey->directories[i];
        struct file_stamp stamp;
        is = file_look_at(top, directory->path[0] == '\0' ? "." : directory->path, &stamp) == FILE_DIRECTORY &&
             file_stamp_equal(&stamp, &directory->stamp);
    }
    if (top >= 0) {
        close(top);
    }
    return is;
}

struct survey *survey_find(struct surveys *surveys, const char *key, const char *place)
{
    if (surveys == NULL) {
        return NULL;
    }
    pthread_mutex_lock(&surveys->mutex);
    struct survey *const survey = *place_of(surveys, key);
    if (survey != NULL) {
        survey->holders++;
    }
    pthread_mutex_unlock(&surveys->mutex);
    if (survey != NULL && !is_as_it_was(survey, place)) {
        survey_release(surveys, survey);
        return NULL;
    }
    return survey;
}

void survey_release(struct surveys *surveys, struct survey *survey)
{
    pthread_mutex_lock(&surveys->mutex);
    let_go(survey);
    pthread_mutex_unlock(&surveys->mutex);
}

struct survey *survey_new(const char *key)
{
    struct survey *const survey = memory_alloc(sizeof *survey);
    survey->arena = arena_new(0);
    survey->key = arena_strdup(survey->arena, key);
    survey->is_lasting = true;
    return survey;
}

void survey_add_directory(struct survey *survey, const char *path, const struct file_stamp *stamp)
{
    survey->directories = arena_grow(survey->arena, survey->directories, survey->directory_count,
                                     &survey->directory_capacity, sizeof *survey->directories);
    survey->directories[survey->directory_count++] =
        (struct surveyed){.path = arena_strdup(survey->arena, path), .stamp = *stamp};
    survey->is_lasting = survey->is_lasting && file_stamp_is_settled(stamp);
}

void survey_add_file(struct survey *survey, const struct surveyed *file)
{
    survey->files =
        arena_grow(survey->arena, survey->files, survey->file_count, &survey->file_capacity, sizeof *survey->files);
    survey->files[survey->file_count++] = (struct surveyed){
        .path = arena_strdup(survey->arena, file->path),
        .stamp = file->stamp,
        .is_silent = file->is_silent && file_stamp_is_settled(&file->stamp),
    };
}

void survey_keep(struct surveys *surveys, struct survey *survey)
{
    if (surveys == NULL || !survey->is_lasting) {
        survey_drop(survey);
        return;
    }
    pthread_mutex_lock(&surveys->mutex);
    struct survey **place = place_of(surveys, survey->key);
    if (*place != NULL) {
        take_out(place);
    }
    survey->holders = 1;
    survey->next = surveys->first;
    surveys->first = survey;
    place = &surveys->first;
    for (size_t i = 0; i < MOST_SURVEYS && *place != NULL; i++) {
        place = &(*place)->next;
    }
    while (*place != NULL) {
        take_out(place);
    }
    pthread_mutex_unlock(&surveys->mutex);
}

void survey_forget(struct surveys *surveys, const char *key)
{
    if (surveys == NULL) {
        return;
    }
    pthread_mutex_lock(&surveys->mutex);
    struct survey **const place = place_of(surveys, key);
    if (*place != NULL) {
        take_out(place);
    }
    pthread_mutex_unlock(&surveys->mutex);
}
