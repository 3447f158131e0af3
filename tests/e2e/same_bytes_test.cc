// Output doesn't depend on how the work was spread.
#include <filesystem>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/films.h"
#include "tests/e2e/programs.h"
#include "tests/support/temp_folder.h"

namespace stereofarm {
namespace {

namespace fs = std::filesystem;

// The film's bytes when it's converted with these further options. Always the same OUT: its name
// belongs to the job that is written into the film.
std::string BytesWith(const TempFolder& folder, const std::vector<std::string>& options) {
  const fs::path out = folder / "out.mkv";
  fs::remove(out);
  std::vector<std::string> args = {"convert", SmallFilm().string(), out.string(), "--range",
                                   "20:80",   "--shard-frames",     "12",         "--overlap",
                                   "4"};
  args.insert(args.end(), options.begin(), options.end());
  const Ended ended = Stereofarm(args);
  EXPECT_EQ(ended.code, 0) << ended.err;
  return FileHash(out);
}

TEST(SameBytesTest, ForAnyNumberOfWorkers) {
  const TempFolder folder;
  const std::string one = BytesWith(folder, {"--workers", "1"});
  EXPECT_EQ(BytesWith(folder, {"--workers", "2"}), one);
  EXPECT_EQ(BytesWith(folder, {"--workers", "3"}), one);
}

// Frames, not bytes: the settings are written into the film.
TEST(SameBytesTest, WithOpenExrBetweenAllStages) {
  const TempFolder folder;
  const fs::path out = folder / "out.mkv";
  BytesWith(folder, {"--codec", "ffv1"});
  const std::vector<std::string> fused = FrameHashes(out, "");
  ASSERT_EQ(fused.size(), 60u);
  BytesWith(folder, {"--codec", "ffv1", "--exr", "all"});
  EXPECT_EQ(FrameHashes(out, ""), fused);
  BytesWith(folder, {"--exr", "all"});
  const std::string split = TrackHash(out, "0:v:0");
  BytesWith(folder, {});
  EXPECT_EQ(TrackHash(out, "0:v:0"), split);
}

}  // namespace
}  // namespace stereofarm
