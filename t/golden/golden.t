#!/usr/bin/perl
# Golden rule cases: each directory beside this file is one, and needs no C.
#
#	msg.eml       the message
#	*.cf *.dict   the rules; all of the directory is read
#	postern.conf  settings, if the defaults will not do
#	args          more options of `postern check`, one a line; @CASE@ is the
#	              directory
#	want          what must come out, one line each:
#	                  verdict reject
#	                  class rules
#	                  reply 554 5.7.1 ... [ref 0000-00000]
#	                  score 3.5
#	                  hit NAME       NAME 2: that often
#	                  no NAME
#	                  hits NAME...   exactly these
#
# README.md here says more. Further directories of cases may be named in the
# environment variable POSTERN_GOLDEN, separated by colons.
use strict;
use warnings;
use FindBin;
use JSON::PP ();
use Test::More;

my $postern = ($ENV{builddir} // '.') . '/postern';
plan skip_all => 'postern is not built' unless -x $postern;

sub lines {
	my ($path) = @_;
	open my $fh, '<', $path or return ();
	chomp(my @line = <$fh>);
	return grep { /\S/ && !/^#/ } @line;
}

sub judge {
	my ($case) = @_;
	my $conf = -f "$case/postern.conf" ? "$case/postern.conf" : '/dev/null';
	my @args = map { s/\@CASE\@/$case/gr } lines("$case/args");
	open my $fh, '-|', $postern, 'check', '-c', $conf, '--rules', $case,
	    '--now', 1711411200, '--json', @args, "$case/msg.eml"
	    or die "$postern: $!";
	my $line = do { local $/; <$fh> };
	close $fh;
	return ($? >> 8, eval { JSON::PP->new->decode($line) });
}

# One line of `want` against the answer.
sub check_line {
	my ($name, $line, $got) = @_;
	my ($word, $rest) = $line =~ /^(\w+)\s*(.*?)\s*$/;
	my %hit = map { $_ => 1 } @{ $got->{hits} };

	if ($word =~ /^(?:verdict|class|reply)$/) {
		is($got->{$word}, $rest, "$name: $line");
	} elsif ($word eq 'score') {
		cmp_ok(abs($got->{score} - $rest), '<', 0.0005, "$name: $line")
		    or diag("score $got->{score}");
	} elsif ($word eq 'hit') {
		my ($rule, $count) = split ' ', $rest;
		ok($hit{$rule}, "$name: $line")
		    or diag("hits: @{ $got->{hits} }");
		is($got->{counts}{$rule} // 1, $count, "$name: so often")
		    if defined $count;
	} elsif ($word eq 'no') {
		ok(!$hit{$rest}, "$name: $line");
	} elsif ($word eq 'hits') {
		is_deeply($got->{hits}, [sort split ' ', $rest],
		    "$name: $line") or diag("hits: @{ $got->{hits} }");
	} else {
		fail("$name: \"$line\" is no line of a want file");
	}
}

my %refused = map { $_ => 1 } qw(reject tempfail discard);
my $cases = 0;
for my $dir ($FindBin::Bin, split /:/, $ENV{POSTERN_GOLDEN} // '') {
	for my $case (sort grep { -d } glob "$dir/*") {
		my $name = $case =~ s{.*/}{}r;
		my @want = lines("$case/want");
		my ($code, $got) = judge($case);

		$cases++;
		ok(@want > 0, "$name: something is wanted");
		ok(defined $got, "$name: judged") or next;
		check_line($name, $_, $got) for @want;
		is($code, $refused{$got->{verdict}} ? 1 : 0,
		    "$name: exit code");
	}
}
cmp_ok($cases, '>', 20, "$cases cases");
done_testing();
