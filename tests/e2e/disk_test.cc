// What a film needs on the disks, and what is said about it before it begins.
#include <filesystem>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/films.h"
#include "tests/e2e/hand_farm.h"
#include "tests/e2e/programs.h"
#include "tests/support/small_disk.h"
#include "tests/support/temp_folder.h"

namespace stereofarm {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;
using testing::IsEmpty;

int64_t BytesBelow(const fs::path& folder) {
  int64_t bytes = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) bytes += static_cast<int64_t>(entry.file_size());
  }
  return bytes;
}

TEST(DiskTest, WhatAJobNeedsIsSaidBeforeAndTrueAfter) {
  HandFarm farm;
  farm.StartCoordinator();
  farm.StartWorker("a");
  const fs::path out = farm.films() / "out.mkv";
  // All of it stays, so that the end is the peak.
  const Ended submitted = farm.Ask({"submit", SmallFilm().string(), out.string(), "--exr", "all",
                                    "--shard-frames", "24", "--keep", "--json"});
  ASSERT_EQ(submitted.code, 0) << submitted.err;
  const std::vector<std::string> lines = submitted.OutLines();
  ASSERT_EQ(lines.size(), 2u);
  const json reply = json::parse(lines[0]);
  ASSERT_EQ(farm.Ask({"watch", lines[1], "--quiet"}).code, 0);
  const auto said = reply["store_bytes"].get<double>();
  const auto used = static_cast<double>(BytesBelow(farm.store()));
  printf("store: said %.0f, used %.0f bytes\n", said, used);
  EXPECT_GT(said, used / 1.1);
  EXPECT_LT(said, used * 1.5);
  const auto film_said = reply["output_bytes"].get<double>();
  const auto film = static_cast<double>(fs::file_size(out));
  printf("film: said %.0f, used %.0f bytes\n", film_said, film);
  EXPECT_GT(film_said, film / 3);
  EXPECT_LT(film_said, film * 3);
}

TEST(DiskTest, ACoordinatorThatDiesOnAFullDiskServesAgainAndGoesOnOnceThereIsRoom) {
  const SmallDisk disk(64 << 20);
  if (!disk.is_there()) GTEST_SKIP() << "a small disk can't be mounted here";
  HandFarm farm(disk.path());
  farm.StartCoordinator();
  farm.StartWorker("a");
  const std::vector<std::string> options = {"--range", "20:68", "--shard-frames", "12"};
  const fs::path out = farm.films() / "out.mkv";
  ASSERT_EQ(farm.Ask({"watch", farm.Submit("out.mkv", options), "--quiet"}).code, 0);
  const std::string calm = FileHash(out);
  fs::remove(out);

  const std::string job = farm.Submit("out.mkv", options);
  ASSERT_TRUE(WaitUntil(
      [&] { return CountBelow(farm.store() / "jobs" / job / "depth", "committed.pb") > 0; }));
  disk.Fill();
  // The second time nothing is left of what the first start could still give up.
  for (int start = 0; start < 2; ++start) {
    farm.KillCoordinator();
    disk.Fill();
    farm.StartCoordinator();
    const json status = farm.Status(job);
    EXPECT_EQ(status["state"], "running");
    EXPECT_THAT(status["hold"].get<std::string>(), HasSubstr("--min-free"));
    disk.Fill();
  }
  disk.Empty();
  const Ended ended = farm.Ask({"watch", job, "--quiet"});
  ASSERT_EQ(ended.code, 0) << ended.err << farm.coordinator().err();
  EXPECT_EQ(FileHash(out), calm);
}

TEST(DiskTest, AFilmThatNoDiskCanHoldIsRefusedAndLeavesNothing) {
  const TempFolder folder;
  const Ended ended = Stereofarm({"convert", SmallFilm().string(), (folder / "out.mkv").string(),
                                  "--codec", "mpeg4", "--set", "b=1500G"});
  EXPECT_EQ(ended.code, 5);
  EXPECT_THAT(ended.err, HasSubstr("the job needs about "));
  EXPECT_THAT(ended.err, HasSubstr("--no-space-check"));
  EXPECT_THAT(FilesBelow(folder.path()), IsEmpty());
}

}  // namespace
}  // namespace stereofarm
