using Grpc.Core;
using Plume.Client;
using Plume.Federation.Learners;
using Plume.Protocol.V1;

namespace Plume.Server.Tests.Hosting;

public class TeachingTests
{
    [Fact]
    public async Task A_client_that_cannot_learn_from_a_teacher_hears_so_before_it_gets_a_task()
    {
        await using var toy = new ServedToy();
        await toy.StartAsync(teaching: new FromTeacher(4) { Model = "teacher.onnx" }.Terms);
        var request = new JoinRequest { Federation = ServedToy.Federation, Protocol = 2 };
        var older = await Assert.ThrowsAsync<RpcException>(async () => await toy.Calls().JoinAsync(request, ServedToy.Operator));
        Assert.Equal("The federation 'toy' trains by 'distill(temperature=4)', which clients know from version 3 of plume.v1 "
            + "on, but this one speaks 2. Use a newer release of the client.", older.Status.Detail);

        var told = await Assert.ThrowsAsync<FederationException>(() => toy.JoinAsync("site"));
        Assert.Equal("The federation 'toy' trains by 'distill(temperature=4)'. The learner Adds learns from labels alone: use "
            + "one that takes a teacher, such as GraphLearner of Plume.Learning.", told.Message);
    }
}
