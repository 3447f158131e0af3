#include "coordinator/service/files_service.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/artifacts/file_fingerprint.h"
#include "common/artifacts/job_note.h"
#include "common/base/file_system.h"
#include "common/base/hash.h"
#include "common/base/log.h"
#include "common/base/regular_file.h"
#include "coordinator/scheduling/background.h"
#include "coordinator/service/farm_server.h"
#include "coordinator/transfer/arriving_file.h"
#include "grpcpp/create_channel.h"
#include "tests/support/simulated_clock.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/coordinator/fake_films.h"
#include "tests/unit/coordinator/fake_worker.h"

namespace stereofarm {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kSecond = 1'000'000;
constexpr int kFrames = 240;  // of FakeFilms

struct Answer {
  grpc::StatusCode code = grpc::StatusCode::OK;
  std::string message;
  std::string data;  // Read
  v1::ArrivedReply arrived;
};

// The service over a true socket, with a job whose first depth task is leased to "w".
class FilesServiceTest : public ::testing::Test {
 protected:
  FilesServiceTest() {
    SetMinimumLogLevel(LogLevel::kError);
    SF_CHECK(MakeDirectories(root_ / "store").ok());
    SF_CHECK(WriteFileAtomically(root_ / "in.mov", film_).ok());
    store_ = *FarmStore::Open(root_ / "farm.db");
    files_ = std::make_unique<StoreFiles>(root_ / "store");
    EngineOptions options;
    options.store = root_ / "store";
    options.allowed = {root_};
    engine_ = std::make_unique<JobEngine>(
        options, EngineParts{store_.get(), files_.get(), &films_, background_.get(), &clock_,
                             SystemRandom()});
    SF_CHECK(engine_->Start().ok());
    auto server = FarmServer::Start(
        engine_.get(), *ParseListenAddress("unix:" + (root_ / "socket").string(), false));
    SF_CHECK(server.ok());
    server_ = *std::move(server);
    stub_ = v1::Files::NewStub(
        grpc::CreateChannel(server_->address(), grpc::InsecureChannelCredentials()));
    SF_CHECK(engine_->Register(worker_.Record()).ok());
    JobSettings settings;
    settings.input = (root_ / "in.mov").string();
    settings.outputs = {{Layout::kSbs, (root_ / "out.mkv").string()}};
    job_ = engine_->Submit({settings, false, false})->job;
  }
  ~FilesServiceTest() override {
    engine_->Stop();
    server_->Stop();
    background_.reset();
    server_.reset();
  }

  // Does tasks until one of this kind is leased.
  TaskLease LeaseOf(TaskKind kind) {
    uint64_t seen = 0;
    while (true) {
      seen = engine_->AwaitChange(seen, absl::Milliseconds(50));
      const auto lease = engine_->Lease("w");
      EXPECT_TRUE(lease.ok()) << lease.status();
      if (!lease.ok()) return TaskLease();
      if (!lease->has_value()) continue;
      if ((*lease)->spec.kind == kind) return **lease;
      EXPECT_TRUE(engine_->Complete("w", AttemptOf(**lease), worker_.Do(**lease), 1).ok());
    }
  }

  static v1::AttemptId IdOf(const TaskLease& lease) {
    v1::AttemptId id;
    id.set_worker("w");
    id.set_job(lease.spec.job);
    id.set_task(lease.spec.task);
    id.set_epoch(lease.epoch);
    id.set_lease_id(lease.lease_id);
    return id;
  }
  static v1::FileRef Ref(const TaskLease& lease, v1::FileKind kind, const std::string& path = "") {
    v1::FileRef ref;
    *ref.mutable_attempt() = IdOf(lease);
    ref.set_kind(kind);
    ref.set_path(path);
    return ref;
  }
  static v1::WrittenFile Written(const TaskLease& lease, const std::string& name) {
    v1::WrittenFile file;
    *file.mutable_attempt() = IdOf(lease);
    file.set_name(name);
    return file;
  }

  Answer Read(const v1::FileRef& ref, int64_t offset = 0, int64_t length = 1 << 20) {
    v1::ReadRequest request;
    *request.mutable_file() = ref;
    request.set_offset(offset);
    request.set_length(length);
    grpc::ClientContext context;
    const auto stream = stub_->Read(&context, request);
    Answer answer;
    v1::ReadReply reply;
    while (stream->Read(&reply)) {
      EXPECT_LE(reply.data().size(), 256u << 10);
      EXPECT_EQ(reply.sha256(), Sha256Hex(reply.data()));
      answer.data += reply.data();
    }
    const grpc::Status status = stream->Finish();
    answer.code = status.error_code();
    answer.message = status.error_message();
    return answer;
  }
  // A piece of `content` that begins at `offset` and ends at `end`, announced as all of `content`.
  Answer Write(const v1::WrittenFile& file, const std::string& content, size_t offset, size_t end,
               const std::string& sha256 = "") {
    grpc::ClientContext context;
    Answer answer;
    const auto stream = stub_->Write(&context, &answer.arrived);
    v1::WriteRequest message;
    *message.mutable_header()->mutable_file() = file;
    message.mutable_header()->set_offset(static_cast<int64_t>(offset));
    message.mutable_header()->set_size(static_cast<int64_t>(content.size()));
    message.mutable_header()->set_sha256(sha256.empty() ? Sha256Hex(content) : sha256);
    stream->Write(message);
    for (size_t at = offset; at < end; at += 1000) {
      message.set_data(content.substr(at, std::min<size_t>(1000, end - at)));
      if (!stream->Write(message)) break;
    }
    stream->WritesDone();
    const grpc::Status status = stream->Finish();
    answer.code = status.error_code();
    answer.message = status.error_message();
    return answer;
  }
  Answer Write(const v1::WrittenFile& file, const std::string& content) {
    return Write(file, content, 0, content.size());
  }
  Answer Arrived(const v1::WrittenFile& file) {
    v1::ArrivedRequest request;
    *request.mutable_file() = file;
    grpc::ClientContext context;
    Answer answer;
    const grpc::Status status = stub_->Arrived(&context, request, &answer.arrived);
    answer.code = status.error_code();
    return answer;
  }
  // Without the job's note, which the farm's own threads write when they come to it.
  std::vector<std::string> PathsBelowStore() {
    std::vector<std::string> paths;
    for (const auto& entry : fs::recursive_directory_iterator(root_ / "store")) {
      if (entry.path().filename().string().starts_with(kJobNoteFile)) continue;
      paths.push_back(entry.path().lexically_relative(root_ / "store"));
    }
    std::sort(paths.begin(), paths.end());
    return paths;
  }

  const std::string film_ = std::string(700'000, 'f') + "end";
  TempFolder folder_;
  const fs::path root_ = folder_.path();
  SimulatedClock clock_;
  FakeFilms films_;
  const FakeWorker worker_{"w", "class", root_ / "store", {90}};
  std::unique_ptr<FarmStore> store_;
  std::unique_ptr<StoreFiles> files_;
  std::unique_ptr<BackgroundThreads> background_ = std::make_unique<BackgroundThreads>(2);
  std::unique_ptr<JobEngine> engine_;
  std::unique_ptr<FarmServer> server_;
  std::unique_ptr<v1::Files::Stub> stub_;
  std::string job_;
};

TEST_F(FilesServiceTest, AFilmIsReadFromAnyPlace) {
  const TaskLease lease = LeaseOf(TaskKind::kScan);
  const v1::FileRef film = Ref(lease, v1::FILE_KIND_FILM);
  EXPECT_EQ(Read(film).data, film_);
  EXPECT_EQ(Read(film, 699'999, 10).data, "fend");
  EXPECT_EQ(Read(film, 700'003, 10).data, "");
  EXPECT_EQ(Read(film, 700'004, 10).code, grpc::StatusCode::OUT_OF_RANGE);
  EXPECT_EQ(Read(film, -1, 10).code, grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Read(film, 0, 0).code, grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Read(film, 0, int64_t{1} << 40).code, grpc::StatusCode::INVALID_ARGUMENT);
  fs::remove(root_ / "in.mov");
  EXPECT_EQ(Read(film).code, grpc::StatusCode::NOT_FOUND);
}

TEST_F(FilesServiceTest, AFilmIsDescribedSoThatItIsKnownAgain) {
  v1::DescribeRequest request;
  *request.mutable_file() = Ref(LeaseOf(TaskKind::kScan), v1::FILE_KIND_FILM);
  grpc::ClientContext context;
  v1::DescribeReply reply;
  ASSERT_TRUE(stub_->Describe(&context, request, &reply).ok());
  const auto file = RegularFile::Open(root_ / "in.mov");
  const auto own = FingerprintOf(file->get());
  EXPECT_EQ(reply.size(), own->size);
  EXPECT_EQ(reply.fingerprint(), own->sha256);
  EXPECT_EQ(reply.path(), (root_ / "in.mov").string());
}

TEST_F(FilesServiceTest, OnlyWhatTheTaskReadsCanBeRead) {
  const TaskLease depth = LeaseOf(TaskKind::kDepth);
  ASSERT_TRUE(engine_->Complete("w", AttemptOf(depth), worker_.Do(depth), 1).ok());
  const TaskLease render = LeaseOf(TaskKind::kRender);
  ASSERT_FALSE(render.spec.depth.empty());
  const std::string input = render.spec.depth[0].directory;
  EXPECT_EQ(Read(Ref(render, v1::FILE_KIND_STORE, render.spec.index_file)).code,
            grpc::StatusCode::OK);
  EXPECT_EQ(Read(Ref(render, v1::FILE_KIND_STORE, input + "/depth.000000.exr")).data, "depth of 0");
  EXPECT_EQ(Read(Ref(render, v1::FILE_KIND_STORE, input + "/committed.pb")).code,
            grpc::StatusCode::OK);
  EXPECT_EQ(Read(Ref(render, v1::FILE_KIND_STORE, input + "/none")).code,
            grpc::StatusCode::NOT_FOUND);
  fs::create_symlink("/etc/passwd", root_ / "store" / input / "link");
  EXPECT_EQ(Read(Ref(render, v1::FILE_KIND_STORE, input + "/link")).code,
            grpc::StatusCode::INVALID_ARGUMENT);
  for (const std::string& path :
       {std::string(), std::string("/"), std::string("."), input, input + "/", input + "/..",
        input + "/../../../../../farm.db", input + "//etc/passwd", "/" + input + "/committed.pb",
        "./" + input + "/committed.pb", std::string("/etc/passwd"), std::string("../farm.db"),
        std::string("farm.db"), render.attempt_directory + "/manifest.pb",
        "jobs/" + job_ + "/scan/000000-000100/x"}) {
    EXPECT_EQ(Read(Ref(render, v1::FILE_KIND_STORE, path)).code,
              grpc::StatusCode::PERMISSION_DENIED)
        << path;
  }
  EXPECT_EQ(Read(Ref(render, v1::FILE_KIND_STORE, input + std::string("/a\0b", 4))).code,
            grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Read(Ref(render, v1::FILE_KIND_MODEL)).code, grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(Read(Ref(render, v1::FILE_KIND_DEPTH_PICTURE)).code,
            grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(Read(Ref(render, v1::FILE_KIND_UNSPECIFIED)).code, grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Read(Ref(render, static_cast<v1::FileKind>(77))).code,
            grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(FilesServiceTest, AFileThatIsWrittenInPiecesTakesItsNameWhenItIsWhole) {
  const TaskLease lease = LeaseOf(TaskKind::kDepth);
  const v1::WrittenFile file = Written(lease, "depth.000000.exr");
  const fs::path path = root_ / "store" / lease.attempt_directory / "depth.000000.exr";
  const std::string content = std::string(5000, 'a') + std::string(5000, 'b');
  EXPECT_EQ(Arrived(file).arrived.size(), 0);
  Answer answer = Write(file, content, 0, 4500);
  EXPECT_EQ(answer.code, grpc::StatusCode::OK) << answer.message;
  EXPECT_EQ(answer.arrived.size(), 4500);
  EXPECT_FALSE(answer.arrived.complete());
  EXPECT_FALSE(fs::exists(path));
  // Not where the last piece ended: the caller asks and goes on there.
  EXPECT_EQ(Write(file, content, 4000, 5000).code, grpc::StatusCode::OUT_OF_RANGE);
  EXPECT_EQ(Write(file, content, 5000, 6000).code, grpc::StatusCode::OUT_OF_RANGE);
  EXPECT_EQ(Arrived(file).arrived.size(), 4500);
  answer = Write(file, content, 4500, 10000);
  EXPECT_EQ(answer.code, grpc::StatusCode::OK) << answer.message;
  EXPECT_TRUE(answer.arrived.complete());
  EXPECT_EQ(ReadFile(path).value_or(""), content);
  EXPECT_TRUE(Arrived(file).arrived.complete());
  EXPECT_EQ(Arrived(file).arrived.size(), 10000);
  // Said again, since the answer got lost.
  EXPECT_TRUE(Write(file, content).arrived.complete());
  EXPECT_EQ(ReadFile(path).value_or(""), content);
  EXPECT_TRUE(Write(Written(lease, "empty"), "").arrived.complete());
}

TEST_F(FilesServiceTest, AnotherHashThanAnnouncedIsRefusedAndDropped) {
  const TaskLease lease = LeaseOf(TaskKind::kDepth);
  const v1::WrittenFile file = Written(lease, "a");
  const std::string content(3000, 'a');
  EXPECT_EQ(Write(file, content, 0, 3000, Sha256Hex("other")).code, grpc::StatusCode::DATA_LOSS);
  EXPECT_EQ(Arrived(file).arrived.size(), 0);
  // In pieces too.
  EXPECT_EQ(Write(file, content, 0, 2000, Sha256Hex("other")).code, grpc::StatusCode::OK);
  EXPECT_EQ(Write(file, content, 2000, 3000, Sha256Hex("other")).code, grpc::StatusCode::DATA_LOSS);
  EXPECT_TRUE(fs::is_empty(root_ / "store" / lease.attempt_directory));
  // More than announced.
  v1::ArrivedReply reply;
  grpc::ClientContext context;
  const auto stream = stub_->Write(&context, &reply);
  v1::WriteRequest message;
  *message.mutable_header()->mutable_file() = file;
  message.mutable_header()->set_size(10);
  message.mutable_header()->set_sha256(Sha256Hex("0123456789"));
  stream->Write(message);
  message.set_data("0123456789+");
  stream->Write(message);
  stream->WritesDone();
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_FALSE(fs::exists(root_ / "store" / lease.attempt_directory / "a"));
}

TEST_F(FilesServiceTest, ALostLeaseWritesAndReadsNothing) {
  const TaskLease lease = LeaseOf(TaskKind::kDepth);
  const std::string content(3000, 'a');
  EXPECT_EQ(Write(Written(lease, "a"), content, 0, 1000).code, grpc::StatusCode::OK);
  clock_.Advance(31 * kSecond);
  engine_->Tick();
  const std::vector<std::string> before = PathsBelowStore();
  EXPECT_EQ(Write(Written(lease, "a"), content, 1000, 3000).code,
            grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(Write(Written(lease, "b"), content).code, grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(Arrived(Written(lease, "a")).code, grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(Read(Ref(lease, v1::FILE_KIND_FILM)).code, grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(PathsBelowStore(), before);
}

TEST_F(FilesServiceTest, ALeaseThatIsLostInTheMiddleOfAPieceEndsIt) {
  const TaskLease lease = LeaseOf(TaskKind::kDepth);
  v1::ArrivedReply reply;
  grpc::ClientContext context;
  const auto stream = stub_->Write(&context, &reply);
  v1::WriteRequest message;
  *message.mutable_header()->mutable_file() = Written(lease, "a");
  message.mutable_header()->set_size(2);
  message.mutable_header()->set_sha256(Sha256Hex("xy"));
  stream->Write(message);
  message.set_data("x");
  stream->Write(message);
  const fs::path part = root_ / "store" / lease.attempt_directory / "a.part";
  while (FileSize(part).value_or(0) != 1) std::this_thread::yield();
  ASSERT_TRUE(engine_->HandBack("w", AttemptOf(lease)).ok());
  message.set_data("y");
  stream->Write(message);
  stream->WritesDone();
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_FALSE(fs::exists(root_ / "store" / lease.attempt_directory / "a"));
  EXPECT_EQ(FileSize(part).value_or(0), 1);
}

TEST_F(FilesServiceTest, AnotherAttemptOrWorkerThanTheLeasesIsRefused) {
  const TaskLease lease = LeaseOf(TaskKind::kDepth);
  std::vector<v1::AttemptId> others(5, IdOf(lease));
  others[0].set_worker("x");
  others[1].set_epoch(lease.epoch + 1);
  others[2].set_lease_id("guess");
  others[3].set_task("../../x");
  others[4].set_job("..");
  const std::vector<std::string> before = PathsBelowStore();
  for (const v1::AttemptId& other : others) {
    // What can't be an id isn't even looked for.
    const auto code = other.task() + other.job() == lease.spec.task + lease.spec.job
                          ? grpc::StatusCode::FAILED_PRECONDITION
                          : grpc::StatusCode::INVALID_ARGUMENT;
    v1::WrittenFile file = Written(lease, "a");
    *file.mutable_attempt() = other;
    EXPECT_EQ(Write(file, "content").code, code);
    v1::FileRef ref = Ref(lease, v1::FILE_KIND_FILM);
    *ref.mutable_attempt() = other;
    EXPECT_EQ(Read(ref).code, code);
  }
  EXPECT_EQ(PathsBelowStore(), before);
}

TEST_F(FilesServiceTest, OnlyPlainNamesAreWritten) {
  const TaskLease lease = LeaseOf(TaskKind::kDepth);
  const std::vector<std::string> before = PathsBelowStore();
  for (const std::string& name :
       {std::string(), std::string("."), std::string(".."), std::string("../a"), std::string("a/b"),
        std::string("/etc/stereofarm"), std::string("committed.pb"), std::string("a.part"),
        std::string("a\0b", 3), std::string(300, 'a')}) {
    EXPECT_EQ(Write(Written(lease, name), "content").code, grpc::StatusCode::INVALID_ARGUMENT)
        << name;
  }
  EXPECT_EQ(PathsBelowStore(), before);
}

TEST_F(FilesServiceTest, TheLogOfAnAttemptGoesToTheOthers) {
  const TaskLease lease = LeaseOf(TaskKind::kDepth);
  v1::WrittenFile log;
  *log.mutable_attempt() = IdOf(lease);
  log.set_log(true);
  EXPECT_TRUE(Write(log, "line\n").arrived.complete());
  EXPECT_EQ(ReadFile(root_ / "store" / lease.log_file).value_or(""), "line\n");
}

TEST_F(FilesServiceTest, TheUsersModelAndDepthPicturesAreReadByFrame) {
  ASSERT_TRUE(MakeDirectories(root_ / "exr").ok());
  for (int i = 0; i < kFrames; ++i) {
    const std::string number = std::to_string(1000 + i);
    ASSERT_TRUE(WriteFileAtomically(root_ / "exr" / ("z" + number + ".exr"), number).ok());
  }
  ASSERT_TRUE(WriteFileAtomically(root_ / "exr" / "a.txt", "no picture").ok());
  ASSERT_TRUE(engine_->Cancel(job_).ok());
  JobSettings settings;
  settings.input = (root_ / "in.mov").string();
  settings.outputs = {{Layout::kSbs, (root_ / "out2.mkv").string()}};
  settings.depth = "exr:" + (root_ / "exr").string();
  const auto submitted = engine_->Submit({settings, false, false});
  ASSERT_TRUE(submitted.ok()) << submitted.status();
  const TaskLease lease = LeaseOf(TaskKind::kDepth);
  v1::FileRef ref = Ref(lease, v1::FILE_KIND_DEPTH_PICTURE);
  for (const int64_t frame : {lease.spec.shard.full.begin, lease.spec.shard.full.end - 1}) {
    ref.set_frame(frame);
    EXPECT_EQ(Read(ref).data, std::to_string(1000 + frame));
  }
  ref.set_frame(lease.spec.shard.full.end);
  EXPECT_EQ(Read(ref).code, grpc::StatusCode::PERMISSION_DENIED);
  for (const int64_t frame : {int64_t{-1}, int64_t{1} << 60}) {
    ref.set_frame(frame);
    EXPECT_EQ(Read(ref).code, grpc::StatusCode::INVALID_ARGUMENT) << frame;
  }
  EXPECT_EQ(Read(Ref(lease, v1::FILE_KIND_MODEL)).code, grpc::StatusCode::PERMISSION_DENIED);
}

TEST_F(FilesServiceTest, NonsenseIsRefused) {
  const TaskLease lease = LeaseOf(TaskKind::kDepth);
  const v1::WrittenFile file = Written(lease, "a");
  EXPECT_EQ(Write(file, "content", 0, 7, "short").code, grpc::StatusCode::INVALID_ARGUMENT);
  v1::WriteRequest message;
  message.set_data("no header");
  for (const int64_t offset : {int64_t{-1}, int64_t{11}, int64_t{1} << 62}) {
    v1::ArrivedReply reply;
    grpc::ClientContext context;
    const auto stream = stub_->Write(&context, &reply);
    v1::WriteRequest header;
    *header.mutable_header()->mutable_file() = file;
    header.mutable_header()->set_offset(offset);
    header.mutable_header()->set_size(10);
    header.mutable_header()->set_sha256(Sha256Hex("0123456789"));
    stream->Write(header);
    stream->WritesDone();
    EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT) << offset;
  }
  for (const std::string& data : {std::string("no header"), std::string()}) {
    v1::ArrivedReply reply;
    grpc::ClientContext context;
    const auto stream = stub_->Write(&context, &reply);
    if (!data.empty()) stream->Write(message);
    stream->WritesDone();
    EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  }
}

TEST_F(FilesServiceTest, TooManyTransfersAtATimeComeAgain) {
  FilesService narrow(engine_.get(), /*most_transfers=*/0);
  grpc::ServerContext context;
  v1::ReadRequest request;
  *request.mutable_file() = Ref(LeaseOf(TaskKind::kScan), v1::FILE_KIND_FILM);
  EXPECT_EQ(narrow.Read(&context, &request, nullptr).error_code(), grpc::StatusCode::UNAVAILABLE);
}

}  // namespace
}  // namespace stereofarm
