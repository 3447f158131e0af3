#ifndef STEREOFARM_COMMON_MEDIA_FILM_CHECK_H_
#define STEREOFARM_COMMON_MEDIA_FILM_CHECK_H_

#include <functional>

#include "common/base/status.h"
#include "common/media/container.h"
#include "common/media/film_clock.h"
#include "common/media/film_writer.h"

namespace stereofarm {

// Opens a finished film and compares: frame count, every PTS, stereo mode, sample aspect ratio.
// Internal when something else was written than the plan says. `progress` returns false to stop
// (Cancelled).
absl::Status CheckFilm(const FilmPlan& plan, const Container& container, const FilmClock& clock,
                       const std::function<bool(double)>& progress);

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_MEDIA_FILM_CHECK_H_
