#include "worker/stages/decode.h"

#include <utility>

namespace stereofarm {

DecodeStage::DecodeStage(std::unique_ptr<FrameReader> reader, ColorInfo color, DecodeWants wants,
                         TaskRun* run)
    : reader_(std::move(reader)), converter_(std::move(color)), wants_(wants), run_(run) {}

absl::StatusOr<std::optional<FilmFrame>> DecodeStage::Next() {
  SF_RETURN_IF_ERROR(run_->CheckCancelled());
  StageTimer timer(run_, "decode");
  SF_ASSIGN_OR_RETURN(std::optional<DecodedFrame> decoded, reader_->Next());
  if (!decoded) return std::optional<FilmFrame>();
  FilmFrame frame;
  frame.frame = decoded->frame;
  frame.pts = decoded->pts;
  if (wants_.rgb) {
    const bool small = wants_.rgb_size.width > 0;
    SF_ASSIGN_OR_RETURN(
        frame.rgb,
        converter_.ToRgb(decoded->picture, small ? wants_.rgb_size.width : decoded->picture.width(),
                         small ? wants_.rgb_size.height : decoded->picture.height()));
  }
  if (wants_.picture) frame.picture = std::move(decoded->picture);
  return std::optional<FilmFrame>(std::move(frame));
}

absl::StatusOr<std::unique_ptr<Stream<FilmFrame>>> DecodeFilm(FrameRange range, DecodeWants wants,
                                                              TaskRun* run) {
  SF_ASSIGN_OR_RETURN(std::unique_ptr<FrameReader> reader,
                      FrameReader::Open(run->place().film, run->index(), range));
  return std::make_unique<DecodeStage>(std::move(reader), run->index()->video.color, wants, run);
}

}  // namespace stereofarm
