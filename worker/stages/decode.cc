#include "worker/stages/decode.h"

#include <utility>

#include "worker/stages/prefetch.h"

namespace stereofarm {
namespace {

class ReadStage : public Stream<DecodedFrame> {
 public:
  ReadStage(std::unique_ptr<FrameReader> reader, TaskRun* run)
      : reader_(std::move(reader)), run_(run) {}
  absl::StatusOr<std::optional<DecodedFrame>> Next() override {
    SF_RETURN_IF_ERROR(run_->CheckCancelled());
    StageTimer timer(run_, "decode");
    return reader_->Next();
  }

 private:
  const std::unique_ptr<FrameReader> reader_;
  TaskRun* const run_;
};

}  // namespace

DecodeStage::DecodeStage(std::unique_ptr<Stream<DecodedFrame>> decoded, ColorInfo color,
                         DecodeWants wants, TaskRun* run)
    : decoded_(std::move(decoded)), converter_(std::move(color)), wants_(wants), run_(run) {}

absl::StatusOr<std::optional<FilmFrame>> DecodeStage::Next() {
  SF_RETURN_IF_ERROR(run_->CheckCancelled());
  SF_ASSIGN_OR_RETURN(std::optional<DecodedFrame> decoded, decoded_->Next());
  if (!decoded) return std::optional<FilmFrame>();
  StageTimer timer(run_, "decode");
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
                      FrameReader::Open(run->place().film, run->index(), range, wants.threads));
  return std::make_unique<DecodeStage>(
      Ahead<DecodedFrame>(std::make_unique<ReadStage>(std::move(reader), run)),
      run->index()->video.color, wants, run);
}

}  // namespace stereofarm
