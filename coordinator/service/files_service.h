#ifndef STEREOFARM_COORDINATOR_SERVICE_FILES_SERVICE_H_
#define STEREOFARM_COORDINATOR_SERVICE_FILES_SERVICE_H_

#include <atomic>
#include <filesystem>

#include "coordinator/scheduling/job_engine.h"
#include "coordinator/transfer/readable_files.h"
#include "proto/files.grpc.pb.h"

namespace stereofarm {

// Files for workers that don't see the store: what proto/files.proto says. A call holds one piece
// of a file in memory, whatever the file's size, and goes as fast as its other end.
class FilesService : public v1::Files::Service {
 public:
  static constexpr int kMostTransfers = 64;

  // `most_transfers`: Read and Write calls at the same time; more are told to come again.
  explicit FilesService(JobEngine* engine, int most_transfers = kMostTransfers)
      : engine_(engine), readable_(engine->options().store), most_transfers_(most_transfers) {}

  grpc::Status Describe(grpc::ServerContext* context, const v1::DescribeRequest* request,
                        v1::DescribeReply* reply) override;
  grpc::Status Read(grpc::ServerContext* context, const v1::ReadRequest* request,
                    grpc::ServerWriter<v1::ReadReply>* writer) override;
  grpc::Status Arrived(grpc::ServerContext* context, const v1::ArrivedRequest* request,
                       v1::ArrivedReply* reply) override;
  grpc::Status Write(grpc::ServerContext* context, grpc::ServerReader<v1::WriteRequest>* reader,
                     v1::ArrivedReply* reply) override;

 private:
  // Counts a transfer while it lives.
  class Transfer;

  // The attempt's files, if the caller speaks for the worker that holds its lease.
  absl::StatusOr<LeasedFiles> FilesOf(const grpc::ServerContext& context,
                                      const v1::AttemptId& attempt);
  absl::StatusOr<ReadableFile> Open(const grpc::ServerContext& context, const v1::FileRef& ref);
  // Where the caller may write this file.
  absl::StatusOr<std::filesystem::path> PathOf(const grpc::ServerContext& context,
                                               const v1::WrittenFile& file);
  absl::Status Receive(const grpc::ServerContext& context, const v1::WriteHeader& header,
                       grpc::ServerReader<v1::WriteRequest>* reader, v1::ArrivedReply* reply);

  JobEngine* const engine_;
  ReadableFiles readable_;
  const int most_transfers_;
  std::atomic<int> transfers_{0};
};

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_SERVICE_FILES_SERVICE_H_
