#include "coordinator/service/files_service.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_format.h"
#include "common/artifacts/file_fingerprint.h"
#include "common/artifacts/manifest.h"
#include "common/base/hash.h"
#include "coordinator/service/attempt_ref.h"
#include "coordinator/service/caller.h"
#include "coordinator/service/grpc_status.h"
#include "coordinator/transfer/arriving_file.h"
#include "proto/request_limits.h"

namespace stereofarm {
namespace {

constexpr int64_t kReadChunk = 256 << 10;
constexpr int64_t kMostOfOneRead = 16 << 20;
constexpr size_t kWriteChunk = 1 << 20;
constexpr int64_t kMostLogBytes = 64 << 20;
constexpr size_t kSha256Digits = 64;

absl::StatusOr<ReadableKind> KindOf(v1::FileKind kind) {
  switch (kind) {
    case v1::FILE_KIND_STORE:
      return ReadableKind::kStore;
    case v1::FILE_KIND_FILM:
      return ReadableKind::kFilm;
    case v1::FILE_KIND_MODEL:
      return ReadableKind::kModel;
    case v1::FILE_KIND_DEPTH_PICTURE:
      return ReadableKind::kDepthPicture;
    default:
      return absl::InvalidArgumentError(
          absl::StrFormat("%d is no kind of file", static_cast<int>(kind)));
  }
}

}  // namespace

class FilesService::Transfer {
 public:
  explicit Transfer(FilesService* service) : service_(service) {
    const int others = service_->transfers_.fetch_add(1);
    if (others >= service_->most_transfers_) {
      status_ = absl::UnavailableError(
          absl::StrFormat("%d files are on their way already; come again", others));
    }
  }
  ~Transfer() { --service_->transfers_; }
  const absl::Status& status() const { return status_; }

 private:
  FilesService* const service_;
  absl::Status status_;
};

absl::StatusOr<LeasedFiles> FilesService::FilesOf(const grpc::ServerContext& context,
                                                  const v1::AttemptId& attempt) {
  SF_RETURN_IF_ERROR(CheckSpeaksFor(engine_, *context.auth_context(), attempt.worker()));
  return engine_->FilesOfLease(attempt.worker(), AttemptOf(attempt));
}

absl::StatusOr<ReadableFile> FilesService::Open(const grpc::ServerContext& context,
                                                const v1::FileRef& ref) {
  SF_ASSIGN_OR_RETURN(const LeasedFiles leased, FilesOf(context, ref.attempt()));
  SF_ASSIGN_OR_RETURN(const ReadableKind kind, KindOf(ref.kind()));
  return readable_.Open(leased, {kind, ref.path(), ref.frame()});
}

grpc::Status FilesService::Describe(grpc::ServerContext* context,
                                    const v1::DescribeRequest* request, v1::DescribeReply* reply) {
  if (absl::Status sane = CheckRequest(*request); !sane.ok()) return RefusalToGrpc(sane);
  const absl::StatusOr<ReadableFile> readable = Open(*context, request->file());
  if (!readable.ok()) return ToGrpc(readable.status());
  const absl::StatusOr<FileFingerprint> fingerprint = FingerprintOf(readable->file.get());
  if (!fingerprint.ok()) return ToGrpc(fingerprint.status());
  reply->set_size(fingerprint->size);
  reply->set_fingerprint(fingerprint->sha256);
  reply->set_path(readable->path.string());
  reply->set_sha256(readable->sha256);
  return grpc::Status::OK;
}

grpc::Status FilesService::Read(grpc::ServerContext* context, const v1::ReadRequest* request,
                                grpc::ServerWriter<v1::ReadReply>* writer) {
  if (absl::Status sane = CheckRequest(*request); !sane.ok()) return RefusalToGrpc(sane);
  const Transfer transfer(this);
  if (!transfer.status().ok()) return ToGrpc(transfer.status());
  if (request->offset() < 0 || request->length() < 1 || request->length() > kMostOfOneRead) {
    return ToGrpc(absl::InvalidArgumentError(absl::StrFormat(
        "cannot read %d bytes from byte %d on", request->length(), request->offset())));
  }
  const absl::StatusOr<ReadableFile> readable = Open(*context, request->file());
  if (!readable.ok()) return ToGrpc(readable.status());
  RegularFile* const file = readable->file.get();
  if (request->offset() > file->size()) {
    return ToGrpc(absl::OutOfRangeError(absl::StrFormat("%s has %d bytes, none from byte %d on",
                                                        readable->path.filename().string(),
                                                        file->size(), request->offset())));
  }
  int64_t at = request->offset();
  const int64_t end = std::min(file->size(), at + request->length());
  v1::ReadReply reply;
  while (at < end) {
    std::string* const data = reply.mutable_data();
    data->resize(static_cast<size_t>(std::min(kReadChunk, end - at)));
    const absl::StatusOr<size_t> got = file->ReadAt(at, data->data(), data->size());
    if (!got.ok()) return ToGrpc(got.status());
    if (*got == 0) break;
    data->resize(*got);
    reply.set_sha256(Sha256Hex(*data));
    if (!writer->Write(reply)) return grpc::Status::CANCELLED;
    at += static_cast<int64_t>(*got);
  }
  return grpc::Status::OK;
}

absl::StatusOr<std::filesystem::path> FilesService::PathOf(const grpc::ServerContext& context,
                                                           const v1::WrittenFile& file) {
  const std::string& name = file.name();
  SF_ASSIGN_OR_RETURN(const LeasedFiles leased, FilesOf(context, file.attempt()));
  const std::filesystem::path& store = engine_->options().store;
  if (file.log()) return store / leased.log_file;
  if (!IsPlainName(name) || name.size() > 200 || name == kCommittedFile ||
      name.ends_with(ArrivingFile::kPartSuffix)) {
    return absl::InvalidArgumentError(
        absl::StrFormat("'%s' is no name for a file of an attempt", name));
  }
  return store / leased.attempt_directory / name;
}

grpc::Status FilesService::Arrived(grpc::ServerContext* context, const v1::ArrivedRequest* request,
                                   v1::ArrivedReply* reply) {
  if (absl::Status sane = CheckRequest(*request); !sane.ok()) return RefusalToGrpc(sane);
  const absl::StatusOr<std::filesystem::path> path = PathOf(*context, request->file());
  if (!path.ok()) return ToGrpc(path.status());
  const absl::StatusOr<Arrival> arrival = ArrivingFile::At(*path);
  if (!arrival.ok()) return ToGrpc(arrival.status());
  reply->set_size(arrival->size);
  reply->set_complete(arrival->complete);
  return grpc::Status::OK;
}

grpc::Status FilesService::Write(grpc::ServerContext* context,
                                 grpc::ServerReader<v1::WriteRequest>* reader,
                                 v1::ArrivedReply* reply) {
  const Transfer transfer(this);
  if (!transfer.status().ok()) return ToGrpc(transfer.status());
  v1::WriteRequest first;
  if (!reader->Read(&first) || !first.has_header()) {
    return RefusalToGrpc(absl::InvalidArgumentError("a piece of a file begins with a header"));
  }
  if (absl::Status sane = CheckRequest(first); !sane.ok()) return RefusalToGrpc(sane);
  return ToGrpc(Receive(*context, first.header(), reader, reply));
}

absl::Status FilesService::Receive(const grpc::ServerContext& context,
                                   const v1::WriteHeader& header,
                                   grpc::ServerReader<v1::WriteRequest>* reader,
                                   v1::ArrivedReply* reply) {
  if (header.sha256().size() != kSha256Digits) {
    return absl::InvalidArgumentError("a file is announced without its SHA-256");
  }
  if (header.file().log() && header.size() > kMostLogBytes) {
    return absl::InvalidArgumentError(
        absl::StrFormat("a log of %d bytes is too long", header.size()));
  }
  SF_ASSIGN_OR_RETURN(const std::filesystem::path path, PathOf(context, header.file()));
  SF_ASSIGN_OR_RETURN(const std::unique_ptr<ArrivingFile> file,
                      ArrivingFile::Open(path, header.offset(), header.size(), header.sha256()));
  const v1::AttemptId& attempt = header.file().attempt();
  v1::WriteRequest message;
  while (reader->Read(&message)) {
    if (!message.has_data() || message.data().size() > kWriteChunk) {
      return absl::InvalidArgumentError("a piece of a file has a part that is no data or too long");
    }
    // It may have been lost on the way.
    SF_RETURN_IF_ERROR(engine_->NoteTransfer(attempt.worker(), AttemptOf(attempt)));
    SF_RETURN_IF_ERROR(file->Append(message.data()));
  }
  SF_RETURN_IF_ERROR(engine_->NoteTransfer(attempt.worker(), AttemptOf(attempt)));
  SF_ASSIGN_OR_RETURN(const Arrival arrival, file->Finish());
  reply->set_size(arrival.size);
  reply->set_complete(arrival.complete);
  return absl::OkStatus();
}

}  // namespace stereofarm
