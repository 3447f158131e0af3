#include <gtest/gtest.h>

#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "common/base/file_system.h"
#include "models/registry/known_models.h"
#include "models/registry/model_folder.h"
#include "tests/unit/coordinator/farm_fixture.h"
#include "tests/unit/models/registry/made_weights_of.h"

namespace stereofarm {
namespace {

class JobSubmissionTest : public FarmFixture {
 protected:
  absl::Status StatusOf(const JobSettings& settings, bool replace = false,
                        bool continue_existing = false) {
    return engine_->Submit({settings, replace, continue_existing}).status();
  }
  static bool Says(const absl::Status& status, const std::string& part) {
    return absl::StrContains(std::string(status.message()), part);
  }
};

TEST_F(JobSubmissionTest, SettingsAreChecked) {
  JobSettings settings = Settings();
  settings.convergence = 2;
  EXPECT_EQ(StatusOf(settings).code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(JobSubmissionTest, MissingFilmIsNotFound) {
  JobSettings settings = Settings();
  settings.input = (root_ / "films" / "missing.mov").string();
  EXPECT_EQ(StatusOf(settings).code(), absl::StatusCode::kNotFound);
}

TEST_F(JobSubmissionTest, FolderOfTheOutputMustBeThere) {
  JobSettings settings = Settings();
  settings.outputs[0].file = (root_ / "films" / "nowhere" / "out.mkv").string();
  const absl::Status status = StatusOf(settings);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(Says(status, "nowhere"));
}

TEST_F(JobSubmissionTest, PathsOutsideTheAllowedFoldersAreRefused) {
  JobSettings settings = Settings();
  settings.outputs[0].file = (root_ / "out.mkv").string();
  EXPECT_EQ(StatusOf(settings).code(), absl::StatusCode::kPermissionDenied);
  settings = Settings();
  settings.input = (root_ / "films" / ".." / "in.mov").string();
  EXPECT_EQ(StatusOf(settings).code(), absl::StatusCode::kPermissionDenied);
}

TEST_F(JobSubmissionTest, LinksOutOfTheAllowedFoldersAreRefused) {
  ASSERT_TRUE(WriteFileAtomically(root_ / "secret.mov", "x").ok());
  std::filesystem::create_symlink(root_ / "secret.mov", root_ / "films" / "link.mov");
  JobSettings settings = Settings();
  settings.input = (root_ / "films" / "link.mov").string();
  EXPECT_EQ(StatusOf(settings).code(), absl::StatusCode::kPermissionDenied);
}

TEST_F(JobSubmissionTest, PrivateFarmTouchesAnyFolder) {
  options_.is_private = true;
  StartFarm();
  JobSettings settings = Settings();
  settings.outputs[0].file = (root_ / "out.mkv").string();
  EXPECT_TRUE(StatusOf(settings).ok());
}

TEST_F(JobSubmissionTest, RelativePathsAreRefused) {
  JobSettings settings = Settings();
  settings.input = "in.mov";
  EXPECT_EQ(StatusOf(settings).code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(JobSubmissionTest, ExistingOutputIsRefusedUnlessItMayBeReplaced) {
  ASSERT_TRUE(WriteFileAtomically(Output(), "somebody's film").ok());
  const absl::Status status = StatusOf(Settings());
  EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_TRUE(Says(status, "--yes"));
  EXPECT_TRUE(StatusOf(Settings(), /*replace=*/true).ok());
}

TEST_F(JobSubmissionTest, ThisVeryJobsFilmIsAlreadyDone) {
  Submit(Settings());
  Work(NewWorker("a"));
  for (bool continue_existing : {false, true}) {
    const auto result = engine_->Submit({Settings(), false, continue_existing});
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_TRUE(result->already_done);
  }
  JobSettings other = Settings();
  other.convergence = 0.25;
  EXPECT_EQ(StatusOf(other).code(), absl::StatusCode::kAlreadyExists);
}

TEST_F(JobSubmissionTest, FilmOfAnotherSourceIsNotThisJobs) {
  Submit(Settings());
  Work(NewWorker("a"));
  films_.SetFilm(240, "another");
  EXPECT_EQ(StatusOf(Settings()).code(), absl::StatusCode::kAlreadyExists);
}

TEST_F(JobSubmissionTest, TwoJobsDontWriteOneFile) {
  const std::string job = Submit(Settings());
  const absl::Status status = StatusOf(Settings());
  EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_TRUE(Says(status, job));
  JobSettings other = Settings();
  other.outputs.insert(other.outputs.begin(),
                       {Layout::kTab, (root_ / "films" / "other.mkv").string()});
  EXPECT_EQ(StatusOf(other).code(), absl::StatusCode::kAlreadyExists);
}

TEST_F(JobSubmissionTest, CancelledJobsOutputIsFreeAgain) {
  const std::string first = Submit(Settings());
  ASSERT_TRUE(engine_->Cancel(first).ok());
  const std::string second = Submit(Settings());
  EXPECT_NE(first, second);
  EXPECT_EQ(engine_->Retry(first).code(), absl::StatusCode::kAlreadyExists);
}

TEST_F(JobSubmissionTest, DepthFolderIsCheckedBeforeTheJobBegins) {
  JobSettings settings = Settings();
  settings.depth = "exr:" + (root_ / "films").string();
  EXPECT_EQ(StatusOf(settings).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(engine_->List()->empty());
}

TEST_F(JobSubmissionTest, MissingModelIsRefused) {
  JobSettings settings = Settings();
  settings.depth = "torchscript:" + (root_ / "films" / "model.pt").string();
  EXPECT_EQ(StatusOf(settings).code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(JobSubmissionTest, ANetworkNeedsItsWeights) {
  JobSettings settings = Settings();
  settings.depth = "depth-anything-v2-small";
  EXPECT_TRUE(Says(StatusOf(settings), "there is no folder of weights"));
  options_.models = root_ / "models";
  RestartFarm();
  EXPECT_EQ(StatusOf(settings).code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(Says(StatusOf(settings), "--depth depth-anything-v2-small: the weights of "));
  const KnownModel model = *FindKnownModel(settings.depth);
  ASSERT_TRUE(WriteFileAtomically(root_ / "file", MadeWeightsOf(model)).ok());
  const auto added = ModelFolder(options_.models).Add(model, root_ / "file");
  ASSERT_TRUE(added.ok()) << added.status();
  const std::string job = Submit(settings);
  background_.RunAll();
  EXPECT_EQ(Report(job).job.settings.depth, model.name + ":" + added->file.string());
  EXPECT_EQ(Report(job).job.model_files, added->sha256);
}

TEST_F(JobSubmissionTest, ParallaxTakesTheWeightsOfItsFlow) {
  JobSettings settings = Settings();
  settings.depth = "parallax+raft-small";
  options_.models = root_ / "models";
  RestartFarm();
  EXPECT_TRUE(Says(StatusOf(settings), "--depth parallax+raft-small: the weights of raft-small"))
      << StatusOf(settings);
  const KnownModel model = *FindKnownModel("raft-small");
  ASSERT_TRUE(WriteFileAtomically(root_ / "file", MadeWeightsOf(model)).ok());
  const auto added = ModelFolder(options_.models).Add(model, root_ / "file");
  ASSERT_TRUE(added.ok()) << added.status();
  const std::string job = Submit(settings);
  background_.RunAll();
  EXPECT_EQ(Report(job).job.settings.depth, settings.depth + ":" + added->file.string());
  EXPECT_EQ(Report(job).job.model_files, added->sha256);
}

TEST_F(JobSubmissionTest, AModelFileHasAnAbsolutePath) {
  // Without a folder of models too, which a path without a folder would seem to lie in.
  for (const char* depth : {"torchscript:model.pt", "depth-anything-v2-small:weights.pth"}) {
    JobSettings settings = Settings();
    settings.depth = depth;
    EXPECT_TRUE(Says(StatusOf(settings), "absolute paths only")) << StatusOf(settings);
  }
}

TEST_F(JobSubmissionTest, FilmThatWasReadForTheChecksIsntReadAgain) {
  JobSettings settings = Settings();
  settings.range = FrameRange{0, 10};
  Submit(settings);
  EXPECT_EQ(films_.indexed(), 1);
}

TEST_F(JobSubmissionTest, AJobThatTheDisksCantHoldIsRefused) {
  int64_t free = 100'000'000;
  DiskGuard guard({store_folder_}, 2'000'000,
                  [&](const std::filesystem::path&) -> absl::StatusOr<DiskSpace> {
                    return DiskSpace{free, 1'000'000'000};
                  });
  disks_ = &guard;
  StartFarm();
  const auto fits = engine_->Submit({Settings()});
  ASSERT_TRUE(fits.ok()) << fits.status();
  const int64_t need = fits->need.store_least + fits->need.outputs[0];
  EXPECT_GT(need, 1'000'000);
  ASSERT_TRUE(engine_->Cancel(fits->job).ok());

  // Store and film lie on one disk, of which the farm keeps something.
  clock_.Advance(kSecond);
  free = need + 2'000'000 - 1;
  const absl::Status status = StatusOf(Settings());
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(Says(status, store_folder_.string()));
  EXPECT_TRUE(Says(status, "--min-free"));
  EXPECT_TRUE(Says(status, "--no-space-check"));
  ++free;
  EXPECT_TRUE(StatusOf(Settings()).ok());

  // What an earlier run made is there already, so that nobody knows what is still to come.
  free = 0;
  SubmitOrder again{Settings()};
  again.continue_existing = true;
  EXPECT_TRUE(engine_->Submit(again).ok());
  SubmitOrder other{Settings()};
  other.settings.outputs = {{Layout::kSbs, (root_ / "films" / "other.mkv").string()}};
  EXPECT_EQ(engine_->Submit(other).status().code(), absl::StatusCode::kFailedPrecondition);
  other.no_space_check = true;
  EXPECT_TRUE(engine_->Submit(other).ok());
}

class ExportSubmissionTest : public JobSubmissionTest {
 protected:
  ExportSubmissionTest() { settings_.exports = {{ExportFormat::kExr, folder_.string()}}; }
  const std::filesystem::path folder_ = root_ / "films" / "depth";
  JobSettings settings_ = Settings();
};

TEST_F(ExportSubmissionTest, EveryFramesFileComesInOrder) {
  Submit(settings_);
  Work(NewWorker("a"));
  const std::string all = ReadFile(folder_ / "all").value();
  std::string expected;
  for (int frame = 0; frame < 240; ++frame) expected += absl::StrFormat("frame %d\n", frame);
  EXPECT_EQ(all.substr(all.find('\n') + 1), expected);
  EXPECT_TRUE(engine_->Submit({settings_, false, false})->already_done);
}

TEST_F(ExportSubmissionTest, TheFolderMustBeAllowedAndHaveAPlace) {
  settings_.exports[0].folder = (root_ / "depth").string();
  EXPECT_EQ(StatusOf(settings_).code(), absl::StatusCode::kPermissionDenied);
  settings_.exports[0].folder = (root_ / "films" / "nowhere" / "depth").string();
  const absl::Status status = StatusOf(settings_);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(Says(status, "nowhere"));
}

TEST_F(ExportSubmissionTest, SomebodysFolderIsRefusedAndAnEmptyOneTaken) {
  ASSERT_TRUE(MakeDirectories(folder_).ok());
  ASSERT_TRUE(WriteFileAtomically(folder_ / "mine", "mine").ok());
  for (const bool replace : {false, true}) {
    const absl::Status status = StatusOf(settings_, replace);
    EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists);
    EXPECT_TRUE(Says(status, folder_.string()));
  }
  std::filesystem::remove(folder_ / "mine");
  EXPECT_TRUE(StatusOf(settings_).ok());
}

TEST_F(ExportSubmissionTest, TwoJobsDontWriteOneFolder) {
  const std::string job = Submit(settings_);
  JobSettings other = settings_;
  other.outputs[0].file = (root_ / "films" / "other.mkv").string();
  const absl::Status status = StatusOf(other);
  EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_TRUE(Says(status, job));
}

TEST_F(ExportSubmissionTest, ALostFolderIsMadeAgainBesideTheFinishedFilm) {
  Submit(settings_);
  Work(NewWorker("a"));
  std::filesystem::remove_all(folder_);
  const auto again = engine_->Submit({settings_, false, false});
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_FALSE(again->already_done);
  Work(NewWorker("b"));
  EXPECT_TRUE(std::filesystem::exists(folder_ / "all"));
}

TEST_F(JobSubmissionTest, UnknownJobIsNotFound) {
  EXPECT_EQ(engine_->Report("nobody", true).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(engine_->Retry("nobody").code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace stereofarm
