using FocalNet.Graph.Dsl;
using FocalNet.Graph.Ir;

namespace FocalNet.Model;

/// <summary>Optimizers: how a training step changes the parameters.</summary>
public static class Optimizers
{
    private const double Beta1 = 0.9, Beta2 = 0.999, Epsilon = 1e-8;

    /// <summary>
    /// Clips the gradient of all parameters together, then takes a step of Adam (Kingma and Ba 2015, algorithm 1). Inputs:
    /// <c>learning_rate</c> and <c>clip</c>, the largest norm. Output: <c>gradient_norm</c>, before clipping. States:
    /// <c>adam.m</c>, <c>adam.v</c>, and the bias corrections <c>adam.c1</c>, <c>adam.c2</c>.
    /// </summary>
    /// <param name="net">The network, all of whose parameters are declared.</param>
    /// <param name="loss">A scalar.</param>
    public static void ClippedAdam(NetworkBuilder net, Tensor loss)
    {
        Tensor learningRate = net.Scalar("learning_rate"), limit = net.Scalar("clip");
        Tensor parameters = net.AllParameters();
        Tensor gradient = net.GradientOfParameters(loss);
        Tensor norm = (gradient * gradient).Sum(Axes.All).Sqrt();
        net.Output("gradient_norm", norm);
        Adam(net, parameters, gradient * ClipFactor(net, norm, limit), learningRate);
    }

    /// <summary>The factor that a gradient of a norm is multiplied by: min(1, limit/(norm + 1e-6)), as in PyTorch's clip_grad_norm_.</summary>
    /// <param name="net">The network.</param>
    /// <param name="norm">A scalar.</param>
    /// <param name="limit">A scalar.</param>
    public static Tensor ClipFactor(NetworkBuilder net, Tensor norm, Tensor limit) =>
        (limit / (norm + 1e-6)).Min(net.Constant(1));

    private static void Adam(NetworkBuilder net, Tensor parameters, Tensor gradient, Tensor learningRate)
    {
        Tensor m = MovingAverage(net, "adam.m", gradient, Beta1);
        Tensor v = MovingAverage(net, "adam.v", gradient * gradient, Beta2);
        // The moving average of ones is the bias correction 1 − βᵗ, and stays accurate in float32, unlike a power.
        Tensor one = net.Constant(1);
        Tensor c1 = MovingAverage(net, "adam.c1", one, Beta1);
        Tensor c2 = MovingAverage(net, "adam.c2", one, Beta2);
        net.Assign(parameters, parameters - learningRate * ((m / c1) / ((v / c2).Sqrt() + Epsilon)));
    }

    private static Tensor MovingAverage(NetworkBuilder net, string name, Tensor value, double beta)
    {
        Tensor state = net.State(name, value, 0);
        Tensor next = beta * state + (1 - beta) * value;
        net.Assign(state, next);
        return next;
    }
}
