#ifndef STEREOFARM_TESTS_UNIT_MEDIA_FILM_MAKER_H_
#define STEREOFARM_TESTS_UNIT_MEDIA_FILM_MAKER_H_

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "common/media/picture.h"
#include "tests/support/temp_folder.h"

namespace stereofarm {

// Whether the `ffmpeg` and `ffprobe` programs are installed.
bool HaveFfmpeg();

// Runs a command line of the shell; false when it fails. Its output goes nowhere.
bool Run(const std::string& command);
// Its standard output; nothing when it fails.
std::optional<std::string> Output(const std::string& command);

// Runs `ffmpeg` quietly with these arguments.
bool Ffmpeg(const std::string& arguments);

// The best-effort PTS of every frame that `ffprobe -show_frames` decodes; kNoTimestamp
// where it has none.
std::vector<int64_t> ProbedPts(const std::filesystem::path& film);

// A hash of a picture's samples.
uint64_t HashOf(const Picture& picture);

// A moving test picture, the same for the same number: no two frames are alike.
Picture TestPicture(const std::string& pixel_format, int width, int height, int number);

}  // namespace stereofarm

#define SF_SKIP_WITHOUT_FFMPEG()                                      \
  if (!HaveFfmpeg()) GTEST_SKIP() << "the ffmpeg program is missing"; \
  static_assert(true, "")

#endif  // STEREOFARM_TESTS_UNIT_MEDIA_FILM_MAKER_H_
