#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/artifacts/store_marker.h"
#include "common/base/file_system.h"
#include "common/base/hash.h"
#include "common/base/log.h"
#include "common/base/random.h"
#include "common/base/regular_file.h"
#include "common/farm/fill_window.h"
#include "models/registry/known_models.h"
#include "models/registry/model_folder.h"
#include "proto/records.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/models/registry/made_weights_of.h"
#include "worker/stages/damage.h"
#include "worker/stages/depth.h"
#include "worker/transfer/attempt_transfer.h"
#include "worker/transfer/file_cache.h"
#include "worker/transfer/own_files.h"
#include "worker/transfer/path_map.h"
#include "worker/transfer/remote_film.h"
#include "worker/transfer/scratch_folder.h"
#include "worker/transfer/task_files.h"

namespace stereofarm {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

std::string Text(const fs::path& file) { return ReadFile(file).value_or("(none)"); }

std::string Noise(size_t size, uint64_t seed) {
  const auto random = SeededRandom(seed);
  std::string text;
  while (text.size() < size) text.push_back(static_cast<char>(random->Next()));
  return text;
}

// A coordinator's files in a folder, over a line that breaks when it's told to.
class FaultyFarmFiles : public FarmFiles {
 public:
  explicit FaultyFarmFiles(fs::path root) : root_(std::move(root)) {}

  // What the next calls end with; a transfer moves half of its bytes before.
  std::deque<absl::Status> faults;
  std::vector<std::string> heard;
  std::map<std::string, std::string> written;
  std::map<std::string, std::string> arriving;
  int64_t read_bytes = 0;

  fs::path PathOf(const FarmFile& file) const {
    switch (file.kind) {
      case FarmFileKind::kStore:
        return root_ / "store" / file.path;
      case FarmFileKind::kFilm:
        return root_ / "film.mkv";
      case FarmFileKind::kModel:
        return root_ / "model.pt";
      case FarmFileKind::kDepthPicture:
        return root_ / "exr" / ("z" + std::to_string(file.frame) + ".exr");
    }
    return {};
  }

  absl::StatusOr<FarmFileFacts> Describe(const TaskLease&, const FarmFile& file) override {
    heard.push_back("describe " + PathOf(file).filename().string());
    SF_RETURN_IF_ERROR(Take());
    SF_ASSIGN_OR_RETURN(const auto bytes, RegularFile::Open(PathOf(file)));
    SF_ASSIGN_OR_RETURN(FileFingerprint fingerprint, FingerprintOf(bytes.get()));
    SF_ASSIGN_OR_RETURN(std::string sha256, Sha256OfFile(PathOf(file)));
    return FarmFileFacts{std::move(fingerprint), PathOf(file), std::move(sha256)};
  }
  absl::Status Read(const TaskLease&, const FarmFile& file, int64_t offset, int64_t length,
                    const FarmFiles::Take& take) override {
    heard.push_back("read " + PathOf(file).filename().string());
    SF_ASSIGN_OR_RETURN(const std::string content, ReadFile(PathOf(file)));
    const absl::Status fault = Take();
    std::string part = content.substr(static_cast<size_t>(offset), static_cast<size_t>(length));
    if (!fault.ok()) part.resize(part.size() / 2);
    read_bytes += static_cast<int64_t>(part.size());
    for (size_t at = 0; at < part.size(); at += 1000) {
      SF_RETURN_IF_ERROR(take(std::string_view(part).substr(at, 1000)));
    }
    return fault;
  }
  absl::StatusOr<ArrivedBytes> Arrived(const TaskLease&, const WrittenFile& file) override {
    heard.push_back("arrived " + file.name);
    SF_RETURN_IF_ERROR(Take());
    return ArrivedBytes{static_cast<int64_t>(arriving[file.name].size()),
                        written.contains(file.name)};
  }
  absl::StatusOr<ArrivedBytes> Write(const TaskLease&, const WrittenFile& file, int64_t offset,
                                     int64_t length, ByteSource* bytes) override {
    const std::string name = file.log ? "log" : file.name;
    heard.push_back("write " + name);
    std::string& there = arriving[name];
    if (offset == 0) there.clear();
    if (offset != static_cast<int64_t>(there.size())) return absl::OutOfRangeError("not there");
    const absl::Status fault = Take();
    if (!fault.ok()) length /= 2;
    std::string part(static_cast<size_t>(length), '\0');
    SF_RETURN_IF_ERROR(bytes->ReadAt(offset, part.data(), part.size()).status());
    there += part;
    SF_RETURN_IF_ERROR(fault);
    const bool complete = static_cast<int64_t>(there.size()) == file.size;
    if (complete && Sha256Hex(there) != file.sha256) {
      arriving.erase(name);
      return absl::DataLossError("another hash");
    }
    if (complete) written[name] = there;
    return ArrivedBytes{static_cast<int64_t>(there.size()), complete};
  }

 private:
  absl::Status Take() {
    if (faults.empty()) return absl::OkStatus();
    const absl::Status fault = faults.front();
    faults.pop_front();
    return fault;
  }
  const fs::path root_;
};

const absl::Status kCut = absl::UnavailableError("the line is cut");

TEST(PathMapTest, TheLongestFolderThatFitsCounts) {
  const auto map = PathMap::Parse({"/a=/b", "/a/films/=/mnt/films", "/with=/equals=sign"});
  ASSERT_TRUE(map.ok()) << map.status();
  EXPECT_EQ(map->Here("/a/x/y"), "/b/x/y");
  EXPECT_EQ(map->Here("/a"), "/b");
  EXPECT_EQ(map->Here("/a/films/one.mkv"), "/mnt/films/one.mkv");
  EXPECT_EQ(map->Here("/a/films2/one.mkv"), "/b/films2/one.mkv");
  EXPECT_EQ(map->Here("/ab/x"), "/ab/x");
  EXPECT_EQ(map->Here("/a/films/../x"), "/b/x");
  EXPECT_EQ(map->Here("/with/x"), "/equals=sign/x");
  EXPECT_EQ(PathMap().Here("/a/x"), "/a/x");
}

TEST(PathMapTest, OtherThanTwoAbsoluteFoldersIsRefused) {
  for (const std::string entry : {"", "/a", "=", "/a=", "=/b", "a=/b", "/a=b"}) {
    const auto map = PathMap::Parse({entry});
    EXPECT_EQ(map.status().code(), absl::StatusCode::kInvalidArgument) << entry;
    EXPECT_THAT(std::string(map.status().message()), HasSubstr("--path-map")) << entry;
  }
}

TEST(ScratchFolderTest, RemovesItselfAndWhatTheDeadLeftButNotTheLiving) {
  const TempFolder folder;
  const auto random = SeededRandom(1);
  auto living = ScratchFolder::Make(folder.path(), random.get());
  ASSERT_TRUE(living.ok()) << living.status();
  ASSERT_TRUE(WriteFileAtomically((*living)->path() / "file", "x").ok());
  ASSERT_TRUE(MakeDirectories(folder / "worker-dead").ok());
  ASSERT_TRUE(WriteFileAtomically(folder / "worker-dead" / "file", "x").ok());
  ASSERT_TRUE(WriteFileAtomically(folder / "worker-dead.lock", "").ok());
  ASSERT_TRUE(WriteFileAtomically(folder / "notes.txt", "somebody's own").ok());
  auto second = ScratchFolder::Make(folder.path(), random.get());
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_TRUE(fs::exists((*living)->path() / "file"));
  EXPECT_FALSE(fs::exists(folder / "worker-dead"));
  EXPECT_FALSE(fs::exists(folder / "worker-dead.lock"));
  living->reset();
  second->reset();
  std::vector<std::string> left;
  for (const auto& entry : fs::directory_iterator(folder.path())) {
    left.push_back(entry.path().filename());
  }
  EXPECT_THAT(left, ElementsAre("notes.txt"));
}

TEST(FileCacheTest, WhatWasUsedLeastRecentlyGoesAndWhatIsHeldStays) {
  const TempFolder folder;
  FileCache cache(folder.path(), 250);
  const std::string hundred(100, 'x');
  int fetched = 0;
  const auto fetch = [&](const fs::path& path) {
    ++fetched;
    return WriteFileAtomically(path, hundred);
  };
  ASSERT_TRUE(cache.Hold("deep/held", fetch).ok());
  ASSERT_TRUE(cache.Hold("deep/held", fetch).ok());
  EXPECT_EQ(fetched, 1);
  ASSERT_TRUE(cache.Put("a", hundred).ok());
  ASSERT_TRUE(cache.Put("b", hundred).ok());
  EXPECT_NE(cache.Find("a"), nullptr);
  ASSERT_TRUE(cache.Put("c", hundred).ok());
  EXPECT_EQ(cache.Find("b"), nullptr);
  EXPECT_NE(cache.Find("a"), nullptr);
  EXPECT_TRUE(fs::exists(folder / "deep/held"));
  EXPECT_EQ(cache.bytes(), 300);
  cache.ReleaseAll();
  EXPECT_EQ(cache.bytes(), 200);
  EXPECT_FALSE(fs::exists(folder / "deep"));
  // What couldn't be fetched isn't there.
  EXPECT_FALSE(cache
                   .Hold("d",
                         [&](const fs::path& path) {
                           EXPECT_TRUE(WriteFileAtomically(path, "half").ok());
                           return kCut;
                         })
                   .ok());
  EXPECT_FALSE(fs::exists(folder / "d"));
}

class TransferTest : public ::testing::Test {
 protected:
  TransferTest() {
    SetMinimumLogLevel(LogLevel::kError);
    EXPECT_TRUE(MakeDirectories(farm_folder_ / "store/jobs/j").ok());
    EXPECT_TRUE(MakeDirectories(scratch_.path()).ok());
    lease_.spec.job = "j";
    lease_.spec.task = "render/000000-000010";
    lease_.spec.kind = TaskKind::kRender;
    lease_.spec.index_file = "jobs/j/index.pb";
    lease_.spec.shard = {{0, 10}, {0, 12}, {0, 20}};
    lease_.spec.settings.input = "/farm/film.mkv";
    lease_.attempt_directory = "jobs/j/segments/000000-000010/e1-id";
    lease_.log_file = "jobs/j/logs/log";
    lease_.store_marker = "marker";
  }
  AttemptTransfer Transfer() {
    return AttemptTransfer(
        &farm_, lease_, &progress_, random_.get(),
        [this](int64_t micros, const TaskProgress&) { pauses_.push_back(micros); });
  }
  void WriteFarm(const std::string& name, const std::string& content) {
    ASSERT_TRUE(MakeDirectories((farm_folder_ / name).parent_path()).ok());
    ASSERT_TRUE(WriteFileAtomically(farm_folder_ / name, content).ok());
  }

  const TempFolder farm_folder_;
  const TempFolder scratch_;
  ModelFolder models_{""};
  FaultyFarmFiles farm_{farm_folder_.path()};
  TaskLease lease_;
  TaskProgress progress_;
  std::unique_ptr<Random> random_ = SeededRandom(1);
  std::vector<int64_t> pauses_;
};

TEST_F(TransferTest, ABrokenReadGoesOnWhereItWas) {
  const std::string content = Noise(100'000, 1);
  WriteFarm("film.mkv", content);
  farm_.faults = {kCut, kCut, absl::DeadlineExceededError(""), absl::OkStatus()};
  AttemptTransfer transfer = Transfer();
  ASSERT_TRUE(transfer.Fetch({FarmFileKind::kFilm, "", 0}, scratch_ / "f").ok());
  EXPECT_EQ(Text(scratch_ / "f"), content);
  EXPECT_EQ(farm_.read_bytes, 100'000);
  EXPECT_EQ(pauses_.size(), 3u);
  EXPECT_EQ(transfer.count().read_bytes, 100'000);
}

TEST_F(TransferTest, ABrokenWriteAsksHowFarItCame) {
  const std::string content = Noise(100'000, 2);
  ASSERT_TRUE(WriteFileAtomically(scratch_ / "f", content).ok());
  farm_.faults = {kCut, kCut, absl::OkStatus(), kCut};
  AttemptTransfer transfer = Transfer();
  const absl::Status sent =
      transfer.Send({false, "a", 100'000, Sha256Hex(content)}, scratch_ / "f");
  ASSERT_TRUE(sent.ok()) << sent;
  EXPECT_EQ(farm_.written["a"], content);
  EXPECT_THAT(farm_.heard,
              ElementsAre("write a", "arrived a", "arrived a", "write a", "arrived a", "write a"));
}

TEST_F(TransferTest, AFileThatArrivesDamagedIsSentAgainButNotForEver) {
  ASSERT_TRUE(WriteFileAtomically(scratch_ / "f", "content").ok());
  farm_.faults = {absl::DataLossError("damaged"), absl::OkStatus()};
  AttemptTransfer transfer = Transfer();
  EXPECT_TRUE(transfer.Send({false, "a", 7, Sha256Hex("content")}, scratch_ / "f").ok());
  EXPECT_EQ(transfer.Send({false, "b", 7, Sha256Hex("other")}, scratch_ / "f").code(),
            absl::StatusCode::kDataLoss);
}

TEST_F(TransferTest, ALostLeaseAndAStoppedTaskEndIt) {
  WriteFarm("film.mkv", "film");
  farm_.faults = {absl::FailedPreconditionError("lost")};
  AttemptTransfer transfer = Transfer();
  EXPECT_EQ(transfer.Fetch({FarmFileKind::kFilm, "", 0}, scratch_ / "f").code(),
            absl::StatusCode::kFailedPrecondition);
  farm_.faults.assign(1000, kCut);
  progress_.cancelled = true;
  EXPECT_EQ(transfer.Fetch({FarmFileKind::kFilm, "", 0}, scratch_ / "f").code(),
            absl::StatusCode::kCancelled);
  EXPECT_EQ(transfer.Describe({FarmFileKind::kFilm, "", 0}).status().code(),
            absl::StatusCode::kCancelled);
}

TEST_F(TransferTest, OnlyThePartsOfAFilmThatAreReadComeOver) {
  const std::string content = Noise(20 * RemoteFilm::kBlock + 12'345, 3);
  WriteFarm("film.mkv", content);
  FileCache cache(scratch_.path(), 100 << 20);
  AttemptTransfer transfer = Transfer();
  const FarmFileFacts facts = *transfer.Describe({FarmFileKind::kFilm, "", 0});
  RemoteFilm film(facts.fingerprint, &transfer, &cache);
  const auto read = [&](int64_t offset, size_t count) {
    std::string got(count, '\0');
    size_t have = 0;
    while (have < count) {
      const auto some = film.ReadAt(offset + static_cast<int64_t>(have), &got[have], count - have);
      EXPECT_TRUE(some.ok()) << some.status();
      if (!some.ok() || *some == 0) break;
      have += *some;
    }
    got.resize(have);
    return got;
  };
  EXPECT_EQ(read(10 * RemoteFilm::kBlock - 5, 10), content.substr(10 * RemoteFilm::kBlock - 5, 10));
  EXPECT_LE(farm_.read_bytes, 3 * RemoteFilm::kBlock);
  const int64_t end = static_cast<int64_t>(content.size());
  EXPECT_EQ(read(end - 10, 20), content.substr(content.size() - 10));
  EXPECT_EQ(read(end, 20), "");
  EXPECT_EQ(read(end + 100, 20), "");
  // From one end to the other, over a bad line, nothing twice.
  farm_.faults.assign(9, kCut);
  EXPECT_EQ(read(0, content.size()), content);
  EXPECT_EQ(farm_.read_bytes, end);
  // The next task finds it in the cache.
  AttemptTransfer next = Transfer();
  RemoteFilm again(facts.fingerprint, &next, &cache);
  char byte = 0;
  EXPECT_TRUE(again.ReadAt(7 * RemoteFilm::kBlock + 1, &byte, 1).ok());
  EXPECT_EQ(byte, content[7 * RemoteFilm::kBlock + 1]);
  EXPECT_EQ(farm_.read_bytes, end);
}

TEST_F(TransferTest, AFilmIsReadWithoutRoomInTheCache) {
  const std::string content = Noise(3 * RemoteFilm::kBlock, 4);
  WriteFarm("film.mkv", content);
  FileCache cache(scratch_ / "no/such/\xff/" / std::string(300, 'x'), 1 << 20);
  AttemptTransfer transfer = Transfer();
  RemoteFilm film(transfer.Describe({FarmFileKind::kFilm, "", 0})->fingerprint, &transfer, &cache);
  std::string got(10, '\0');
  ASSERT_TRUE(film.ReadAt(RemoteFilm::kBlock, got.data(), 10).ok());
  EXPECT_EQ(got, content.substr(RemoteFilm::kBlock, 10));
}

TEST_F(TransferTest, AStoreIsKnownByItsMarkerAndByWhatCanBeDoneInIt) {
  const fs::path store = farm_folder_ / "store";
  WriteFarm("store/jobs/j/index.pb", "index");
  EXPECT_FALSE(IsStoreOf(lease_, store, random_.get()));
  WriteFarm(std::string("store/") + kStoreMarkerFile, "marker of a copy");
  EXPECT_FALSE(IsStoreOf(lease_, store, random_.get()));
  EXPECT_FALSE(fs::exists(store / lease_.attempt_directory));
  WriteFarm(std::string("store/") + kStoreMarkerFile, "marker");
  EXPECT_TRUE(IsStoreOf(lease_, store, random_.get()));
  EXPECT_TRUE(fs::is_empty(store / lease_.attempt_directory));
  lease_.spec.warp_directory = "jobs/j/warp/x";
  EXPECT_FALSE(IsStoreOf(lease_, store, random_.get()));
  lease_.spec.warp_directory.clear();
  lease_.store_marker.clear();
  WriteFarm(std::string("store/") + kStoreMarkerFile, "");
  EXPECT_FALSE(IsStoreOf(lease_, store, random_.get()));
  EXPECT_FALSE(IsStoreOf(lease_, store / "none", random_.get()));
}

TEST_F(TransferTest, AFileIsTheSameByItsContent) {
  WriteFarm("film.mkv", "film");
  const FileFingerprint film = farm_.Describe(lease_, {FarmFileKind::kFilm, "", 0})->fingerprint;
  OwnFiles own;
  const fs::path file = scratch_ / "film.mkv";
  EXPECT_FALSE(own.IsSame(file, film));
  ASSERT_TRUE(WriteFileAtomically(file, "film").ok());
  EXPECT_TRUE(own.IsSame(file, film));
  EXPECT_TRUE(own.IsSame(file, film));
  ASSERT_TRUE(WriteFileAtomically(file, "mlif").ok());
  EXPECT_FALSE(own.IsSame(file, film));
  ASSERT_TRUE(WriteFileAtomically(file, "film!").ok());
  EXPECT_FALSE(own.IsSame(file, film));
  EXPECT_FALSE(own.IsSame(scratch_.path(), film));
}

// A whole task through TaskFiles.
class TaskFilesTest : public TransferTest {
 protected:
  TaskFilesTest() {
    WriteFarm("store/jobs/j/index.pb", "index");
    WriteFarm("film.mkv", "film");
    AddDepth("jobs/j/depth/a/e1-x", {0, 20});
    lease_.spec.depth = {{{{0, 10}, {0, 20}, {0, 20}}, "depth/a", "jobs/j/depth/a/e1-x", 1, 0}};
  }
  void AddDepth(const std::string& folder, FrameRange frames) {
    Manifest manifest;
    manifest.task = "depth/a";
    for (int64_t frame = frames.begin; frame < frames.end; ++frame) {
      char name[32];
      snprintf(name, sizeof(name), "depth.%06d.exr", static_cast<int>(frame));
      WriteFarm("store/" + folder + "/" + name, name);
      manifest.files.push_back(*DescribeFile(farm_folder_ / "store" / folder, name));
    }
    ASSERT_TRUE(WriteManifest(farm_folder_ / "store" / folder / kCommittedFile, manifest).ok());
  }
  absl::StatusOr<Manifest> Run() {
    if (files_ == nullptr) {
      files_ = std::make_unique<TaskFiles>(&farm_, path_map_, scratch_.path(), models_, 1 << 20,
                                           random_.get(),
                                           [this](const TaskLease& lease, const TaskPlace& place,
                                                  TaskProgress*) { return make_(lease, place); });
    }
    return files_->Run(lease_, "/farm/store", &progress_);
  }
  // Writes one file as the task's result.
  absl::StatusOr<Manifest> Make(const TaskLease& lease, const TaskPlace& place) {
    place_ = place;
    const fs::path folder = place.store / lease.attempt_directory;
    SF_RETURN_IF_ERROR(MakeDirectories(folder));
    SF_RETURN_IF_ERROR(WriteFileAtomically(folder / "segment.mov", "segment"));
    Manifest manifest;
    SF_ASSIGN_OR_RETURN(ManifestFile file, DescribeFile(folder, "segment.mov"));
    manifest.files.push_back(std::move(file));
    SF_RETURN_IF_ERROR(WriteManifest(folder / kManifestFile, manifest));
    return manifest;
  }

  PathMap path_map_;
  std::function<absl::StatusOr<Manifest>(const TaskLease&, const TaskPlace&)> make_ =
      [this](const TaskLease& lease, const TaskPlace& place) { return Make(lease, place); };
  std::unique_ptr<TaskFiles> files_;
  TaskPlace place_{"", "", "", {}};
};

TEST_F(TaskFilesTest, WithoutTheStoreInputsComeAndTheResultAndItsLogGo) {
  const auto manifest = Run();
  ASSERT_TRUE(manifest.ok()) << manifest.status();
  EXPECT_EQ(farm_.written["segment.mov"], "segment");
  EXPECT_TRUE(farm_.written.contains(kManifestFile));
  EXPECT_THAT(farm_.written["log"], HasSubstr("the store isn't seen from here"));
  // The last thing but the log.
  EXPECT_EQ(farm_.heard.back(), "write log");
  EXPECT_EQ(farm_.heard[farm_.heard.size() - 2], std::string("write ") + kManifestFile);
  EXPECT_EQ(Text(place_.store / "jobs/j/index.pb"), "index");
  const fs::path depth = place_.store / "jobs/j/depth/a/e1-x";
  const int last = 9 + kFillWindow;
  EXPECT_EQ(Text(depth / DepthFileName(last)), DepthFileName(last));
  EXPECT_FALSE(fs::exists(depth / DepthFileName(last + 1))) << "isn't read";
  ASSERT_NE(place_.film.bytes, nullptr);
  EXPECT_EQ(place_.film.bytes->size(), 4);
  // Nothing comes a second time.
  farm_.heard.clear();
  ASSERT_TRUE(Run().ok());
  EXPECT_EQ(std::count_if(farm_.heard.begin(), farm_.heard.end(),
                          [](const std::string& call) { return call.starts_with("read"); }),
            0);
}

TEST_F(TaskFilesTest, WhatIsProvedToBeTheSameIsUsedWhereItLies) {
  WriteFarm(std::string("store/") + kStoreMarkerFile, "marker");
  path_map_ = *PathMap::Parse({"/farm=" + farm_folder_.path().string()});
  ASSERT_TRUE(Run().ok());
  EXPECT_EQ(place_.store, farm_folder_ / "store");
  EXPECT_EQ(place_.film.path, farm_folder_ / "film.mkv");
  EXPECT_EQ(place_.film.bytes, nullptr);
  EXPECT_THAT(farm_.heard, ElementsAre("describe film.mkv"));
  EXPECT_TRUE(fs::exists(farm_folder_ / "store" / lease_.attempt_directory / "segment.mov"));
  files_->Drop(lease_);
  EXPECT_FALSE(fs::exists(farm_folder_ / "store" / lease_.attempt_directory));
}

TEST_F(TaskFilesTest, AnIndexThatWasMadeAnewIsFetchedAgain) {
  ASSERT_TRUE(Run().ok());
  WriteFarm("store/jobs/j/index.pb", "another index");
  ASSERT_TRUE(Run().ok());
  EXPECT_EQ(Text(place_.store / "jobs/j/index.pb"), "another index");
}

TEST_F(TaskFilesTest, AnInputThatIsGoneIsTheOtherTasksDamage) {
  fs::remove(farm_folder_ / "store/jobs/j/depth/a/e1-x/depth.000003.exr");
  EXPECT_EQ(DamagedTask(Run().status()), "depth/a");
  fs::remove(farm_folder_ / "store/jobs/j/depth/a/e1-x" / kCommittedFile);
  EXPECT_EQ(DamagedTask(Run().status()), "depth/a");
}

TEST_F(TaskFilesTest, InputsOfATaskThatFailedAreFetchedAnew) {
  make_ = [](const TaskLease&, const TaskPlace&) { return absl::DataLossError("damaged"); };
  EXPECT_FALSE(Run().ok());
  EXPECT_THAT(farm_.written["log"], HasSubstr("damaged"));
  EXPECT_FALSE(fs::exists(scratch_ / "store/jobs/j/depth"));
}

TEST_F(TaskFilesTest, ALeaseThatIsLostOnTheWayFailsNoTask) {
  farm_.faults = {absl::FailedPreconditionError("lost")};
  EXPECT_EQ(Run().status().code(), absl::StatusCode::kCancelled);
}

TEST_F(TaskFilesTest, WeightsOfANetworkComeOverWhereTheyAreMissing) {
  lease_.spec.kind = TaskKind::kDepth;
  lease_.spec.depth.clear();
  lease_.spec.settings.depth = "video-depth-anything-small:/farm/models/weights";
  WriteFarm("model.pt", "weights");
  path_map_ = *PathMap::Parse({farm_folder_.path().string() + "=/nowhere"});
  ASSERT_TRUE(Run().ok());
  EXPECT_TRUE(
      place_.depth.starts_with("video-depth-anything-small:" + (scratch_ / "models/").string()));
  EXPECT_EQ(Text(place_.depth.substr(place_.depth.find(':') + 1)), "weights");
  // Once.
  const int64_t read = farm_.read_bytes;
  ASSERT_TRUE(Run().ok());
  EXPECT_LT(farm_.read_bytes - read, read);
}

TEST_F(TaskFilesTest, WeightsThatThisMachineHasAreUsedByTheirHash) {
  const KnownModel model = *FindKnownModel("video-depth-anything-small");
  lease_.spec.kind = TaskKind::kDepth;
  lease_.spec.depth.clear();
  lease_.spec.settings.depth = model.name + ":/farm/models/weights";
  WriteFarm("model.pt", MadeWeightsOf(model));
  path_map_ = *PathMap::Parse({farm_folder_.path().string() + "=/nowhere"});
  const TempFolder own;
  models_ = ModelFolder(own.path());
  const auto added = models_.Add(model, farm_folder_ / "model.pt");
  ASSERT_TRUE(added.ok()) << added.status();
  ASSERT_TRUE(Run().ok());
  EXPECT_EQ(place_.depth, model.name + ":" + added->file.string());
  EXPECT_FALSE(fs::exists(scratch_ / "models"));
  // Others than the coordinator's are of no use.
  WriteFarm("model.pt", MadeWeightsOf(model, 'y'));
  ASSERT_TRUE(Run().ok());
  EXPECT_NE(place_.depth, model.name + ":" + added->file.string());
}

TEST_F(TaskFilesTest, ModelAndDepthPicturesComeOverWhereTheyAreMissing) {
  lease_.spec.kind = TaskKind::kDepth;
  lease_.spec.depth.clear();
  lease_.spec.settings.depth = "torchscript:/farm/model.pt";
  WriteFarm("model.pt", "model");
  path_map_ = *PathMap::Parse({farm_folder_.path().string() + "=/nowhere"});
  ASSERT_TRUE(Run().ok());
  EXPECT_EQ(Text(place_.depth.substr(place_.depth.find(':') + 1)), "model");
  EXPECT_TRUE(place_.depth.starts_with("torchscript:" + scratch_.path().string()));

  lease_.spec.settings.depth = "exr:/farm/exr";
  for (int frame = 0; frame < 12; ++frame) {
    WriteFarm("exr/z" + std::to_string(frame) + ".exr", "picture " + std::to_string(frame));
  }
  ASSERT_TRUE(Run().ok());
  ASSERT_EQ(place_.depth_pictures.size(), 12u);
  EXPECT_EQ(Text(place_.depth_pictures[11]), "picture 11");
  EXPECT_EQ(place_.depth_pictures[11].filename(), "z11.exr");
}

}  // namespace
}  // namespace stereofarm
