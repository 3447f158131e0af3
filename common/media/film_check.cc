#include "common/media/film_check.h"

#include "absl/strings/str_format.h"
#include "common/media/source_file.h"
#include "common/media/stereo_signal.h"

namespace stereofarm {
namespace {

bool SameRatio(const Rational& a, const Rational& b) { return a.num * b.den == b.num * a.den; }

absl::Status CheckSignalling(const FilmPlan& plan, const Container& container) {
  SF_ASSIGN_OR_RETURN(const InputPtr film, OpenSource(plan.output));
  SF_ASSIGN_OR_RETURN(const int picture, PictureTrack(*film, plan.output));
  if (container.HoldsStereoMode() && StereoModeOf(*film->streams[picture]) != plan.packing) {
    return absl::InternalError(
        absl::StrFormat("%s does not say how its eyes are packed", plan.output.string()));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckFilm(const FilmPlan& plan, const Container& container, const FilmClock& clock,
                       const std::function<bool(double)>& progress) {
  SF_RETURN_IF_ERROR(CheckSignalling(plan, container));
  const auto report = [](double share, void* context) {
    return (*static_cast<const std::function<bool(double)>*>(context))(share);
  };
  SF_ASSIGN_OR_RETURN(
      const FrameIndex film,
      BuildFrameIndex(plan.output, report, const_cast<void*>(static_cast<const void*>(&progress))));
  if (film.frame_count() != clock.frames()) {
    return absl::InternalError(absl::StrFormat("%s has %d frames where %d were written",
                                               plan.output.string(), film.frame_count(),
                                               clock.frames()));
  }
  const AVRational time_base = ToAv(film.time_base);
  for (int64_t i = 0; i < film.frame_count(); ++i) {
    const int64_t wanted = clock.Pts(i, time_base);
    const int64_t got = film.frames[static_cast<size_t>(i)].pts;
    if (got != wanted) {
      return absl::InternalError(
          absl::StrFormat("%s has frame %d at %d where it belongs at %d (in 1/%d s)",
                          plan.output.string(), i, got, wanted, time_base.den));
    }
  }
  if (!SameRatio(film.video.sample_aspect_ratio, plan.sample_aspect_ratio)) {
    return absl::InternalError(
        absl::StrFormat("%s has pixels of %d:%d where %d:%d was written", plan.output.string(),
                        film.video.sample_aspect_ratio.num, film.video.sample_aspect_ratio.den,
                        plan.sample_aspect_ratio.num, plan.sample_aspect_ratio.den));
  }
  return absl::OkStatus();
}

}  // namespace stereofarm
