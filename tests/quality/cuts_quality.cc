// cuts_quality FILE...: prints the cuts that the farm finds in each film, in frames and seconds
// since its first frame. With --features also the numbers that they were found by, a line a frame.
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <vector>

#include "common/media/frame_index.h"
#include "common/media/frame_reader.h"
#include "common/media/picture.h"
#include "coordinator/planning/cut_detector.h"

namespace stereofarm {
namespace {

absl::Status Run(const std::filesystem::path& path, bool print_features) {
  SF_ASSIGN_OR_RETURN(FrameIndex built, BuildFrameIndex(path));
  const auto index = std::make_shared<const FrameIndex>(std::move(built));
  const int64_t frames = index->frame_count();
  SF_ASSIGN_OR_RETURN(const auto reader, FrameReader::Open(path, index, {0, frames}));
  ColorConverter converter(index->video.color);
  CutAnalyzer analyzer;
  std::vector<CutFeatures> features;
  while (true) {
    SF_ASSIGN_OR_RETURN(const auto frame, reader->Next());
    if (!frame.has_value()) break;
    SF_ASSIGN_OR_RETURN(const Image rgb, converter.ToRgb(frame->picture, kCutWidth, kCutHeight));
    features.push_back(analyzer.Next(rgb));
    const CutFeatures& f = features.back();
    if (print_features) {
      std::printf("%6lld match %.3f difference %.4f mean %.4f spread %.4f texture %.4f\n",
                  static_cast<long long>(frame->frame), f.match, f.difference, f.mean, f.spread,
                  f.texture);
    }
  }
  CutDetector detector(frames);
  SF_RETURN_IF_ERROR(detector.Add({0, frames}, features));
  std::printf("%s: %lld frames, %zu cuts\n", path.string().c_str(), static_cast<long long>(frames),
              detector.Cuts().size());
  for (int64_t cut : detector.Cuts()) {
    std::printf("  %6lld  %9.3f s\n", static_cast<long long>(cut),
                index->SecondsOf(cut) - index->SecondsOf(0));
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace stereofarm

int main(int argc, char** argv) {
  bool print_features = false;
  int status = argc > 1 ? 0 : 2;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--features") == 0) {
      print_features = true;
      continue;
    }
    const absl::Status run = stereofarm::Run(argv[i], print_features);
    if (!run.ok()) {
      std::fprintf(stderr, "%s: %s\n", argv[i], std::string(run.message()).c_str());
      status = 3;
    }
  }
  if (status == 2) std::fprintf(stderr, "usage: cuts_quality [--features] FILE...\n");
  return status;
}
