// What can't work is said in one sentence, with the right exit status, and leaves nothing behind.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/films.h"
#include "tests/e2e/programs.h"
#include "tests/support/temp_folder.h"
#include "tests/support/test_data.h"

namespace stereofarm {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::StartsWith;

class BadInputTest : public testing::Test {
 protected:
  fs::path out() const { return folder_ / "out.mkv"; }
  fs::path Make(const std::string& name, const std::string& content) const {
    std::ofstream(folder_ / name, std::ios::binary) << content;
    return folder_ / name;
  }
  // Converts to out() and expects `code`, one sentence that has `words`, and no new file.
  void Expect(int code, const std::string& words, const fs::path& in,
              const std::vector<std::string>& options = {}) {
    std::vector<std::string> args = {"convert", in.string(), out().string()};
    args.insert(args.end(), options.begin(), options.end());
    ExpectEnd(code, words, args);
  }
  void ExpectEnd(int code, const std::string& words, const std::vector<std::string>& args) {
    SCOPED_TRACE(testing::PrintToString(args));
    const std::vector<std::string> before = FilesBelow(folder_.path());
    const Ended ended = Stereofarm(args, 60);
    EXPECT_EQ(ended.code, code) << ended.err;
    EXPECT_EQ(ended.out, "");
    EXPECT_THAT(ended.err, StartsWith("stereofarm: "));
    EXPECT_THAT(ended.err, HasSubstr(words));
    EXPECT_EQ(std::count(ended.err.begin(), ended.err.end(), '\n'), 1) << ended.err;
    EXPECT_EQ(FilesBelow(folder_.path()), before);
  }

  TempFolder folder_;
};

TEST_F(BadInputTest, WhatIsNoFilm) {
  Expect(3, "missing.mov", folder_ / "missing.mov");
  Expect(3, "empty.mov", Make("empty.mov", ""));
  Expect(3, "text.mov", Make("text.mov", "All happy families are alike.\n"));
  Expect(3, folder_.path().string(), folder_.path());
  std::string noise;
  for (int i = 0; i < 5000; ++i) noise.push_back(static_cast<char>((i * 7919 + i / 13 * 31) % 251));
  Expect(3, "noise.mp4", Make("noise.mp4", noise));
}

TEST_F(BadInputTest, AFilmWithoutItsIndex) {
  std::ifstream film(SmallFilm(), std::ios::binary);
  std::string half(static_cast<size_t>(fs::file_size(SmallFilm()) / 2), '\0');
  film.read(half.data(), static_cast<std::streamsize>(half.size()));
  Expect(3, "half.mp4", Make("half.mp4", half));
}

TEST_F(BadInputTest, SoundWithoutAPicture) {
  const fs::path sound = folder_ / "sound.mka";
  ASSERT_EQ(RunProgram({"ffmpeg", "-v", "error", "-nostdin", "-i", SmallFilm().string(), "-vn",
                        "-sn", "-c", "copy", sound.string()})
                .code,
            0);
  Expect(3, "sound.mka", sound);
}

TEST_F(BadInputTest, DamagedFilesThatAreShared) {
  for (const std::string name : {"truncated_nomoov.mp4", "garbage.mp4"}) {
    const fs::path film = SharedFile("footage/" + name);
    SF_SKIP_WITHOUT(film);
    Expect(3, name, film);
  }
}

TEST_F(BadInputTest, OutputsThatCannotBeWritten) {
  ExpectEnd(3, "/nonexistent", {"convert", SmallFilm().string(), "/nonexistent/out.mkv"});
  ExpectEnd(3, "is a folder", {"convert", SmallFilm().string(), folder_.path().string()});
  Make("out.mkv", "precious");
  Expect(3, "out.mkv exists", SmallFilm());
  const fs::path in = folder_ / "in.mp4";
  fs::copy_file(SmallFilm(), in);
  ExpectEnd(3, "is the film to read, too", {"convert", in.string(), in.string(), "--yes"});
}

TEST_F(BadInputTest, OptionsThatMeanNothing) {
  const fs::path film = SmallFilm();
  Expect(2, "--layout: 'sideways'", film, {"--layout", "sideways"});
  Expect(2, "--budget", film, {"--budget", "99"});
  Expect(2, "--budget", film, {"--budget", "much"});
  Expect(2, "--convergence", film, {"--convergence", "-1"});
  Expect(2, "--rig", film, {"--rig", "fx=1"});
  Expect(2, "--depth: 'magic'", film, {"--depth", "magic"});
  Expect(2, "--inpaint: 'magic'", film, {"--inpaint", "magic"});
  Expect(2, "nonsense", film, {"--codec", "nonsense"});
  Expect(2, "crf", film, {"--codec", "ffv1", "--crf", "18"});
  Expect(2, "yuv1", film, {"--pix-fmt", "yuv1"});
  Expect(2, "nosuchoption", film, {"--set", "nosuchoption=1"});
  Expect(2, "--device: 'gpu'", film, {"--device", "gpu"});
  Expect(2, "--workers", film, {"--workers", "0"});
  Expect(2, "--range", film, {"--range", "5:5"});
  Expect(2, "--exr", film, {"--exr", "none"});
  Expect(2, "--nonsense", film, {"--nonsense"});
  ExpectEnd(2, "OUT is required", {"convert", film.string()});
  ExpectEnd(2, "'transmogrify'", {"transmogrify"});
  ExpectEnd(2, ".xyz", {"convert", film.string(), (folder_ / "out.xyz").string()});
}

TEST_F(BadInputTest, ARangeBehindTheEnd) {
  Expect(3, "--range: the film has 102 frames", SmallFilm(), {"--range", "102:110"});
}

TEST_F(BadInputTest, DepthFilesThatAreMissingOrDoNotFit) {
  Expect(3, "--depth", SmallFilm(), {"--depth", "exr:" + (folder_ / "none").string()});
  fs::create_directory(folder_ / "depth");
  Expect(3, "--depth", SmallFilm(), {"--depth", "exr:" + (folder_ / "depth").string()});
  Expect(3, "--depth", SmallFilm(), {"--depth", "torchscript:" + (folder_ / "net.pt").string()});
  const fs::path shared = SharedFile("footage/shot1_street_depth");
  SF_SKIP_WITHOUT(shared);
  // 36 frames of depth for a film of 102.
  Expect(3, "--depth", SmallFilm(), {"--depth", "exr:" + shared.string()});
}

TEST_F(BadInputTest, WhatAnotherUserMayNotDo) {
  if (geteuid() != 0 || RunProgram({"setpriv", "--version"}).code != 0) {
    GTEST_SKIP() << "needs to be root and setpriv";
  }
  ASSERT_EQ(chmod(folder_.path().c_str(), 0755), 0);
  const std::string program = (fs::path(STEREOFARM_BIN_DIR) / "stereofarm").string();
  const auto as_nobody = [&](const fs::path& in, const fs::path& to) {
    return RunProgram({"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", program,
                       "convert", in.string(), to.string()});
  };
  const fs::path secret = folder_ / "secret.mp4";
  const fs::path film = folder_ / "film.mp4";
  fs::copy_file(SmallFilm(), secret);
  fs::copy_file(SmallFilm(), film);
  ASSERT_EQ(chmod(secret.c_str(), 0600), 0);
  ASSERT_EQ(chmod(film.c_str(), 0644), 0);
  const Ended reads_film =
      RunProgram({"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", program, "probe",
                  "--no-cuts", film.string()});
  if (reads_film.code != 0)
    GTEST_SKIP() << "another user can't run the program: " << reads_film.err;
  const Ended unreadable = as_nobody(secret, "/tmp/stereofarm-e2e-never.mkv");
  EXPECT_EQ(unreadable.code, 3);
  EXPECT_THAT(unreadable.err, HasSubstr("secret.mp4"));
  const Ended unwritable = as_nobody(film, out());
  EXPECT_EQ(unwritable.code, 3);
  EXPECT_THAT(unwritable.err, HasSubstr("can't be written"));
}

}  // namespace
}  // namespace stereofarm
