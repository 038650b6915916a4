namespace FocalNet.Trainer.Distributed;

/// <summary>The processes that are to train together can't. The message says what to do.</summary>
internal sealed class DistributedException(string message) : Exception(message);
