#include "worker/stages/scan.h"

#include <memory>
#include <vector>

#include "common/base/file_system.h"
#include "common/farm/cut_features.h"
#include "worker/stages/decode.h"
#include "worker/stages/prefetch.h"

namespace stereofarm {
namespace {

// A film begins with a range or two, and nothing else can be done meanwhile.
constexpr int kDecoderThreads = 2;

}  // namespace

absl::Status RunScan(TaskRun* run) {
  const FrameRange core = run->spec().shard.core;
  run->ExpectFrames(core.size());
  const FrameRange read = core.Grow(kCutLead, {0, core.end});
  SF_ASSIGN_OR_RETURN(std::unique_ptr<Stream<FilmFrame>> film,
                      DecodeFilm(read,
                                 {.picture = false,
                                  .rgb = true,
                                  .rgb_size = {kCutWidth, kCutHeight},
                                  .threads = kDecoderThreads},
                                 run));
  film = Ahead(std::move(film), 4);
  CutAnalyzer analyzer;
  std::vector<CutFeatures> features;
  features.reserve(static_cast<size_t>(core.size()));
  while (true) {
    SF_ASSIGN_OR_RETURN(const std::optional<FilmFrame> frame, film->Next());
    if (!frame) break;
    StageTimer timer(run, "scan");
    const CutFeatures found = analyzer.Next(frame->rgb);
    if (!core.Contains(frame->frame)) continue;
    features.push_back(found);
    run->FrameDone();
  }
  if (static_cast<int64_t>(features.size()) != core.size()) {
    return absl::InternalError("the scan saw another number of frames than its range has");
  }
  return WriteFileAtomically(run->folder() / kFeaturesFile, EncodeCutFeatures(features));
}

}  // namespace stereofarm
